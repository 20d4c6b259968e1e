/** Moments in a log: the local time to the millisecond, and the whole of it with UTC on hover. */

const pad = (value: number, size = 2): string => String(value).padStart(size, "0");

export function clock(at: string): string {
  const date = new Date(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}

/** Made once, when it is first wanted: making one takes longer than drawing a line of the log. */
let full: Intl.DateTimeFormat | undefined;

export function whole(at: string): string {
  const date = new Date(at);
  full ??= new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return `${full.format(date)}\n${at.replace("T", " ").replace("Z", " UTC")}`;
}

/** Milliseconds since 1970 with the microseconds that a Date does not know. */
export function instant(at: string): number {
  const micros = /\.\d{3}(\d{3})/.exec(at);
  return Date.parse(at) + (micros ? Number(micros[1]) / 1_000 : 0);
}
