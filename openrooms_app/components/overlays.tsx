// Dialog, menu, tabs and tooltip on Base UI: focus is kept and given back, Escape closes, arrows move.
import { Children, useEffect, useRef, useState, type ReactElement, type ReactNode } from "react";
import { Dialog as D } from "@base-ui/react/dialog";
import { Menu as M } from "@base-ui/react/menu";
import { Tabs as T } from "@base-ui/react/tabs";
import { Tooltip as P } from "@base-ui/react/tooltip";
import { X } from "lucide-react";

type Slot = { children?: ReactNode };

const WIDTHS: Record<string, string> = { small: "max-w-sm", medium: "max-w-lg", large: "max-w-3xl" };

/** On a phone it comes up from below, where the thumb is. */
const SHEET = "max-sm:bottom-0 max-sm:top-auto max-sm:w-full max-sm:max-w-none max-sm:rounded-b-none max-sm:pb-[env(safe-area-inset-bottom)]";

/** There a dialog needs the room. */
const SMALL = "max-sm:top-[6dvh] max-sm:max-h-[calc(94dvh-16px)]";

type DialogProps = Slot & {
  open?: boolean; title?: string; description?: string; size?: string; stays?: boolean; isSheet?: boolean; onOpenChange?: (open: boolean) => void;
};

export function Dialog({ open = false, title, description, size = "medium", stays = false, isSheet = false, onOpenChange, children }: DialogProps) {
  const body = useRef<HTMLDivElement>(null);
  return (
    <D.Root open={open} disablePointerDismissal={stays} onOpenChange={(next) => onOpenChange?.(next)}>
      <D.Portal>
        <D.Backdrop className="fixed inset-0 z-40 bg-black/45 transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <D.Popup initialFocus={() => firstIn(body.current) ?? whenThere(body.current)} className={`fixed left-1/2 top-[12dvh] z-50 flex max-h-[calc(88dvh-16px)] w-[calc(100vw-32px)] -translate-x-1/2 flex-col rounded-xl border border-line bg-raised text-ink shadow-2xl outline-none transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0 ${WIDTHS[size] ?? WIDTHS.medium} ${isSheet ? SHEET : SMALL}`}>
          <div className="flex items-start justify-between gap-3 px-5 pb-1 pt-4">
            <div className="min-w-0">
              <D.Title className="text-base font-semibold">{title}</D.Title>
              {description && <D.Description className="mt-1 text-sm text-mute">{description}</D.Description>}
            </div>
            <D.Close data-close aria-label="Close" className="-mr-2 -mt-1 grid size-8 shrink-0 cursor-pointer place-items-center rounded-md text-mute hover:bg-hover hover:text-ink">
              <X size={16} aria-hidden />
            </D.Close>
          </div>
          <div ref={body} className="flex min-h-0 flex-col gap-4 overflow-auto px-5 pb-5 pt-3">{children}</div>
        </D.Popup>
      </D.Portal>
    </D.Root>
  );
}

/** What has the focus first: a field, else the button that sends; null for whatever can have it. */
function firstIn(body: HTMLElement | null): HTMLElement | null {
  return body?.querySelector<HTMLElement>("input:enabled:not([type=hidden]), textarea:enabled, select:enabled") ?? body?.querySelector<HTMLElement>("[type=submit]:enabled") ?? null;
}

/** The same, once it has come, unless the focus has been moved meanwhile. */
function whenThere(body: HTMLElement | null): null {
  const watch = new MutationObserver(() => {
    const first = firstIn(body);
    if (!first) return;
    watch.disconnect();
    if (document.activeElement?.matches("[data-close]")) first.focus();
  });
  if (body) watch.observe(body, { childList: true, subtree: true });
  return null;
}

/**
 * A dialog that the page's state opens. What is open as soon as the state is known was left open on an earlier visit, and is
 * closed; nobody but the state closes one that a quick hand opens while the rest of the page still arrives.
 */
export function PageDialog({ isKnown = false, open = false, ...rest }: DialogProps & { isKnown?: boolean }) {
  const [isFresh, setFresh] = useState(false);
  useEffect(() => {
    if (!isKnown || isFresh) return;
    if (open) rest.onOpenChange?.(false);
    else setFresh(true);
  }, [isKnown, isFresh, open]);
  return <Dialog {...rest} open={open && isFresh} />;
}

/** The first child opens the menu and must be one button; the others are its items. */
export function Menu({ label, children }: Slot & { label?: string }) {
  const [trigger, ...items] = Children.toArray(children);
  return (
    <M.Root modal={false}>
      <M.Trigger render={trigger as ReactElement} aria-label={label} />
      <M.Portal>
        <M.Positioner sideOffset={4} align="end" className="z-50 outline-none">
          <M.Popup className="min-w-44 rounded-lg border border-line bg-raised p-1 text-sm text-ink shadow-xl outline-none">
            {items}
          </M.Popup>
        </M.Positioner>
      </M.Portal>
    </M.Root>
  );
}

export function MenuItem({ danger = false, disabled = false, onPick, children }: Slot & { danger?: boolean; disabled?: boolean; onPick?: () => void }) {
  return (
    <M.Item disabled={disabled} onClick={() => onPick?.()}
      className={`flex h-8 cursor-pointer items-center gap-2 rounded-md px-2 outline-none data-[disabled]:cursor-default data-[disabled]:opacity-50 data-[highlighted]:bg-hover ${danger ? "text-fail" : ""}`}>
      {children}
    </M.Item>
  );
}

export function MenuLine() {
  return <M.Separator className="my-1 h-px bg-line" />;
}

type TabsProps = Slot & { value?: string; onValueChange?: (value: string) => void; defaultValue?: string };

/** Uncontrolled unless `value` is given. */
export function Tabs({ value, defaultValue, onValueChange, children }: TabsProps) {
  const control = value === undefined || value === "" ? { defaultValue } : { value };
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void root.current!.querySelector("[role=tab][aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [value]);
  return (
    <T.Root ref={root} {...control} onValueChange={(next) => onValueChange?.(String(next))} className="flex min-h-0 flex-1 flex-col">
      {children}
    </T.Root>
  );
}

export function TabList({ children, label }: Slot & { label?: string }) {
  return (
    <T.List aria-label={label} className="relative flex shrink-0 gap-4 overflow-x-auto border-b border-line px-1">
      {children}
      <T.Indicator className="absolute bottom-0 left-0 h-0.5 w-[var(--active-tab-width)] translate-x-[var(--active-tab-left)] bg-accent transition-all duration-150" />
    </T.List>
  );
}

export function Tab({ value = "", children }: Slot & { value?: string }) {
  return (
    <T.Tab value={value} className="flex h-9 cursor-pointer items-center gap-1.5 whitespace-nowrap text-sm text-mute outline-offset-[-2px] hover:text-ink data-[active]:font-medium data-[active]:text-ink">
      {children}
    </T.Tab>
  );
}

export function TabPanel({ value = "", children }: Slot & { value?: string }) {
  return <T.Panel value={value} className="min-h-0 flex-1 outline-offset-[-2px]">{children}</T.Panel>;
}

/** A longer name for an icon; the child must be one element that can have the focus. */
export function Tooltip({ label, children }: Slot & { label?: string }) {
  return (
    <P.Provider delay={300}>
      <P.Root>
        <P.Trigger render={Children.only(children) as ReactElement} />
        <P.Portal>
          <P.Positioner sideOffset={6} className="z-50">
            <P.Popup className="max-w-72 rounded-md bg-ink px-2 py-1 text-xs text-bg">{label}</P.Popup>
          </P.Positioner>
        </P.Portal>
      </P.Root>
    </P.Provider>
  );
}
