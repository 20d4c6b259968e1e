// Times as people say them: "3m ago", the local date and UTC on hover; those that go on tick.
import { useSyncExternalStore } from "react";

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
/** Made when it is first wanted: the browser then reads its words for times, which takes 15 ms of a page's start. */
let relative: Intl.RelativeTimeFormat | undefined;

type Clock = { readonly subscribe: (listener: () => void) => () => void; readonly now: () => number };

function clockTicking(ms: number): Clock {
  const listeners = new Set<() => void>();
  let now = 0;
  let timer: number | undefined;
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    now = Date.now();
    timer ??= window.setInterval(() => {
      now = Date.now();
      listeners.forEach((each) => each());
    }, ms);
    return () => {
      listeners.delete(listener);
      if (listeners.size) return;
      window.clearInterval(timer);
      timer = undefined;
    };
  };
  return { subscribe, now: () => now };
}

const SLOW = clockTicking(10_000);
const FAST = clockTicking(1_000);

/** What is told in seconds goes on by the second. */
const SOON_MS = 70_000;

const never = () => () => undefined;

/** The present, a second at a time as long as it matters. */
export function useNow(isOn: boolean): number {
  return useSyncExternalStore(isOn ? FAST.subscribe : never, FAST.now, () => 0) || Date.now();
}

/** `at` is RFC 3339; empty or null shows `none`. */
export function RelativeTime({ at, none = "never", absolute = false }: { at?: string | null; none?: string; absolute?: boolean }) {
  const date = new Date(at || NaN);
  const isSoon = Math.abs(date.getTime() - Date.now()) < SOON_MS;
  const clock = isSoon ? FAST : SLOW;
  const current = useSyncExternalStore(clock.subscribe, clock.now, () => 0);
  if (Number.isNaN(date.getTime())) return <span className="text-mute">{none}</span>;
  const local = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const utc = `${date.toISOString().replace("T", " ").slice(0, 19)} UTC`;
  const text = absolute ? local : ago(date.getTime(), current || date.getTime());
  return <time dateTime={date.toISOString()} title={`${local}\n${utc}`} suppressHydrationWarning className="whitespace-nowrap">{text}</time>;
}

function ago(then: number, current: number): string {
  const seconds = Math.round((then - current) / 1000);
  if (Math.abs(seconds) < 5) return seconds > 0 ? "now" : "just now";
  if (Math.abs(seconds) > 30 * 86_400) return new Date(then).toLocaleDateString(undefined, { dateStyle: "medium" });
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  relative ??= new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });
  return relative.format(Math.round(seconds / size), unit);
}

/** A length of time in milliseconds, as 340 ms, 2.4 s, 3 min 05 s; with `since`, one that goes on. */
export function Duration({ ms, since }: { ms?: number | null; since?: string | null }) {
  if (since) return <GoingOn since={since} />;
  return <span className="whitespace-nowrap">{ms == null ? "–" : spell(ms)}</span>;
}

function GoingOn({ since }: { since: string }) {
  const seconds = Math.max(0, Math.floor((useNow(true) - Date.parse(since)) / 1_000));
  return <span className="whitespace-nowrap tabular-nums" suppressHydrationWarning>{seconds < 60 ? `${seconds} s` : spell(seconds * 1_000)}</span>;
}

function spell(ms: number): string {
  if (ms < 1) return "< 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(ms / 1000) % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
