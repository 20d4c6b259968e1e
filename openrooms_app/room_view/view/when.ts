/** Moments in a log: the local time to the millisecond, and the whole of it with UTC on hover. */

const pad = (value: number, size = 2): string => String(value).padStart(size, "0");

export function clock(at: string): string {
  const date = new Date(at);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}

export function whole(at: string): string {
  const date = new Date(at);
  return `${date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" })}\n${at.replace("T", " ").replace("Z", " UTC")}`;
}
