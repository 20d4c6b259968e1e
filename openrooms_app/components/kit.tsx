/** Small parts that the canvas and the room share; they look as those of the Python components do. */

import type { ButtonHTMLAttributes, MouseEvent, ReactNode } from "react";
import type { LucideIcon } from "lucide-react";

type Look = "solid" | "outline" | "quiet" | "danger";

const BASE =
  "inline-flex h-8 shrink-0 cursor-pointer select-none items-center justify-center gap-1.5 whitespace-nowrap " +
  "rounded-md px-3 text-sm font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-50";
const LOOKS: Readonly<Record<Look, string>> = {
  solid: "bg-accent text-on-accent enabled:hover:brightness-110",
  outline: "border border-line bg-panel text-ink enabled:hover:bg-hover",
  quiet: "text-mute enabled:hover:bg-hover enabled:hover:text-ink",
  danger: "border border-line bg-panel text-fail enabled:hover:bg-fail/10",
};

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly look?: Look;
  readonly Icon?: LucideIcon;
  /** What it sent is not answered yet: it keeps the focus, and a press does nothing. */
  readonly isBusy?: boolean;
};

export function Button({ look = "outline", Icon, isBusy = false, className = "", children, ...rest }: ButtonProps) {
  const held = isBusy ? { "aria-busy": true, onClick: refuse } : {};
  return (
    <button type="button" {...rest} {...held} className={`${BASE} ${LOOKS[look]} ${className}`}>
      {Icon && <Icon size={15} aria-hidden />}
      {children}
    </button>
  );
}

function refuse(event: MouseEvent): void {
  event.preventDefault();
}

type IconButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly label: string;
  readonly Icon: LucideIcon;
  readonly isOn?: boolean;
};

/** A button without words; with `isOn` it is one that stays pressed. */
export function IconButton({ label, Icon, isOn, className = "", ...rest }: IconButtonProps) {
  const on = isOn ? "bg-hover text-ink" : "text-mute";
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      {...(isOn === undefined ? {} : { "aria-pressed": isOn })}
      {...rest}
      className={`grid size-7 shrink-0 cursor-pointer place-items-center rounded-md transition-colors enabled:hover:bg-hover enabled:hover:text-ink disabled:cursor-not-allowed disabled:opacity-50 ${on} ${className}`}
    >
      <Icon size={15} aria-hidden />
    </button>
  );
}

/** Says what is there instead of content; with `isPage` of the whole page. */
export function Notice({ Icon, title, children, tone = "text-mute", isPage = false }: {
  readonly Icon: LucideIcon;
  readonly title: string;
  readonly children?: ReactNode;
  readonly tone?: string;
  readonly isPage?: boolean;
}) {
  const Title = isPage ? "h1" : "h2";
  return (
    <div className="flex flex-col items-center px-6 py-10 text-center">
      <Icon size={22} strokeWidth={1.6} aria-hidden className={tone} />
      <Title className={`mt-3 font-semibold ${isPage ? "text-base" : "text-sm"}`}>{title}</Title>
      <div className="mt-1 max-w-md text-sm text-mute">{children}</div>
    </div>
  );
}

export function GroupTitle({ children, aside }: { readonly children: ReactNode; readonly aside?: ReactNode }) {
  return (
    <div className="flex h-7 items-center justify-between gap-2">
      <h3 className="text-2xs font-semibold uppercase tracking-wider text-mute">{children}</h3>
      {aside}
    </div>
  );
}

export function Skeleton({ className }: { readonly className: string }) {
  return <div aria-hidden className={`animate-pulse rounded bg-hover motion-reduce:animate-none ${className}`} />;
}

export const INPUT =
  "h-8 w-full rounded-md border border-line-strong bg-bg px-2.5 text-sm text-ink placeholder:text-mute " +
  "disabled:opacity-60 aria-[invalid=true]:border-fail";
export const AREA =
  "min-h-20 w-full rounded-md border border-line-strong bg-bg px-2.5 py-1.5 text-sm text-ink disabled:opacity-60 aria-[invalid=true]:border-fail";

/** Put text on the clipboard; a page that came by plain HTTP from another machine has none, so it may fail. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
