// The way around the app: a column that folds to icons, or behind a button on a narrow screen.
import { useContext, useLayoutEffect, type MouseEvent, type ReactNode } from "react";
import { Link, useLocation } from "react-router";
import { toast } from "sonner";
import {
  Bot, CalendarClock, DoorOpen, House, LogOut, Menu, Monitor, Moon, PanelLeft, Play, ScrollText, Settings, Sun, Workflow, Wrench,
  X,
  type LucideIcon,
} from "lucide-react";
import { ColorModeContext } from "$/utils/context-registry";
import { SKIP } from "./skip-links.tsx";

type Entry = { to: string; label: string; Icon: LucideIcon; only?: string };

const ENTRIES: Entry[] = [
  { to: "/", label: "Home", Icon: House },
  { to: "/workflows", label: "Workflows", Icon: Workflow },
  { to: "/rooms", label: "Rooms", Icon: DoorOpen },
  { to: "/runs", label: "Runs", Icon: Play },
  { to: "/agents", label: "Agents", Icon: Bot },
  { to: "/triggers", label: "Triggers", Icon: CalendarClock },
  { to: "/tools", label: "Tools", Icon: Wrench },
  { to: "/audit", label: "Audit", Icon: ScrollText, only: "admin" },
  { to: "/settings", label: "Settings", Icon: Settings },
];
const DRAWER = "or-drawer";
const WHEN_FOLDED = "md:[html[data-nav=folded]_&]:hidden";
const ROW = "flex h-8 w-full cursor-pointer items-center gap-2.5 rounded-md px-2 text-sm text-mute hover:bg-hover hover:text-ink";

type Who = { userName?: string; role?: string };

export function Navigation(who: Who) {
  const { pathname } = useLocation();
  useLayoutEffect(() => showFold(isFolded(pathname)), [pathname]);
  return (
    <>
      <a href="#content" onClick={skip}
        className={SKIP}>
        Skip to content
      </a>
      <aside data-region="navigation" className="hidden w-52 shrink-0 flex-col overflow-y-auto overflow-x-hidden border-r border-line bg-panel p-2 md:flex md:[html[data-nav=folded]_&]:w-[49px]">
        <div className="mb-2 flex h-8 items-center gap-2 pl-1">
          <Brand className={WHEN_FOLDED} />
          <button type="button" onClick={fold} aria-label="Fold the navigation" title="Fold the navigation"
            className="ml-auto grid size-8 shrink-0 cursor-pointer place-items-center rounded-md text-mute hover:bg-hover hover:text-ink">
            <PanelLeft size={16} />
          </button>
        </div>
        <Entries role={who.role} />
        <Account {...who} />
      </aside>
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line bg-panel px-2 md:hidden">
        <button type="button" popoverTarget={DRAWER} aria-label="Open the navigation"
          className="grid size-9 cursor-pointer place-items-center rounded-md text-mute hover:bg-hover">
          <Menu size={18} />
        </button>
        <Brand />
      </header>
      <div id={DRAWER} popover="auto"
        className="fixed inset-y-0 left-0 m-0 h-dvh max-h-none w-64 flex-col overflow-y-auto border-r border-line bg-panel p-2 text-ink backdrop:bg-black/40 open:flex">
        <div className="mb-2 flex h-9 items-center justify-between pl-1">
          <Brand />
          <button type="button" popoverTarget={DRAWER} popoverTargetAction="hide" aria-label="Close the navigation"
            className="grid size-9 cursor-pointer place-items-center rounded-md text-mute hover:bg-hover">
            <X size={18} />
          </button>
        </div>
        <Entries role={who.role} onGo={() => document.getElementById(DRAWER)?.hidePopover()} />
        <Account {...who} />
      </div>
    </>
  );
}

function Brand({ className = "" }: { className?: string }) {
  return (
    <Link to="/" className={`flex items-center gap-2 rounded-md text-base font-semibold ${className}`}>
      <img src="/logo.svg" alt="" width={22} height={22} />
      OpenRooms
    </Link>
  );
}

function Entries({ role, onGo }: { role?: string; onGo?: () => void }) {
  const { pathname } = useLocation();
  return (
    <nav aria-label="Main" className="flex flex-col gap-0.5">
      {ENTRIES.filter(({ only }) => !only || only === role).map(({ to, label, Icon }) => {
        const here = to === "/" ? pathname === "/" : pathname === to || pathname.startsWith(`${to}/`);
        return (
          <Link key={to} to={to} onClick={onGo} title={label} aria-current={here ? "page" : undefined}
            className={`${ROW} aria-[current]:bg-hover aria-[current]:font-medium aria-[current]:text-ink`}>
            <Icon size={16} className="shrink-0" aria-hidden />
            <span className={WHEN_FOLDED}>{label}</span>
          </Link>
        );
      })}
    </nav>
  );
}

function Account({ userName = "", role = "" }: Who) {
  return (
    <div className="mt-auto flex flex-col gap-0.5 border-t border-line pt-2">
      <ThemeButton />
      <button type="button" className={ROW} onClick={logOut} title="Log out">
        <LogOut size={16} className="shrink-0" aria-hidden />
        <span className={WHEN_FOLDED}>Log out</span>
      </button>
      <div className="flex h-10 items-center gap-2.5 px-1" title={userName && `${userName}, ${role}`}>
        <span aria-hidden className="grid size-6 shrink-0 place-items-center rounded-full bg-hover text-2xs font-semibold uppercase">
          {userName.slice(0, 1)}
        </span>
        <span className={`min-w-0 ${WHEN_FOLDED}`}>
          <Line className="text-sm font-medium" id="user-name">{userName}</Line>
          <Line className="text-2xs text-mute">{role}</Line>
        </span>
      </div>
    </div>
  );
}

function Line({ className, id, children }: { className: string; id?: string; children: ReactNode }) {
  return <span data-testid={id} className={`block truncate leading-4 ${className}`}>{children}</span>;
}

const NEXT = { system: "light", light: "dark", dark: "system" } as const;
const THEMES = { system: [Monitor, "System theme"], light: [Sun, "Light theme"], dark: [Moon, "Dark theme"] } as const;

function ThemeButton() {
  const { rawColorMode, setColorMode } = useContext(ColorModeContext);
  const [Icon, label] = THEMES[rawColorMode] ?? THEMES.system;
  return (
    <button type="button" className={ROW} onClick={() => setColorMode(NEXT[rawColorMode] ?? "light")}
      title={`${label}; press for the next`} data-testid="theme">
      <Icon size={16} className="shrink-0" aria-hidden />
      <span className={WHEN_FOLDED}>{label}</span>
    </button>
  );
}

/** The focus moves by hand: the router takes the address for its own and leaves the focus where it is. */
function skip(event: MouseEvent) {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

/** The editor needs the room: there it is folded until somebody opens it. `RESTORE_FOLD` in shell.py asks the same. */
const EDITOR = /^\/workflows\/[^/]/;

function isFolded(pathname: string): boolean {
  return EDITOR.test(pathname) ? localStorage.getItem("openrooms.nav.editor") !== "open" : localStorage.getItem("openrooms.nav") === "folded";
}

function showFold(isIt: boolean) {
  const root = document.documentElement;
  if (isIt) root.dataset.nav = "folded";
  else delete root.dataset.nav;
}

/** Kept on <html>, so a script in the head restores it before the first paint. */
function fold() {
  const isIt = document.documentElement.dataset.nav !== "folded";
  if (EDITOR.test(location.pathname)) localStorage.setItem("openrooms.nav.editor", isIt ? "folded" : "open");
  else localStorage.setItem("openrooms.nav", isIt ? "folded" : "open");
  showFold(isIt);
}

async function logOut() {
  try {
    await fetch("/logout", { method: "POST", redirect: "manual" });
  } catch {
    toast.warning("OpenRooms does not answer: you are still logged in.");
    return;
  }
  window.location.assign("/login");
}
