/** The room's memory as it was at a moment of a run, as far as the log and today's memory tell. */

import type { MemoryEntry, RunEvent } from "./event.ts";
import type { Names } from "./fold.ts";

export type Remembered = {
  readonly entries: readonly MemoryEntry[];
  /** Keys that were set after the moment, and not by the run before it: what they held then is not kept. */
  readonly later: readonly string[];
};

/**
 * `now` is today's memory, `written` what the run had written by then outside of any fork, `moment` the last event
 * that is looked at. What nobody has touched since the moment was the same then. What had expired is left out, and
 * with the run's end what was for it alone.
 */
export function memoryAt(now: readonly MemoryEntry[], written: Names, events: readonly RunEvent[], moment: RunEvent): Remembered {
  const isRunOver = RUN_ENDS.has(moment.type);
  const until = moment.at; // compared as text: a Date knows milliseconds, and a whole run may fit into one
  const own = Object.entries(written).map(([key, { value, seq, about }]): MemoryEntry => {
    return { key, value, updated_at: events[seq - 1]?.at ?? moment.at, run_id: moment.run_id, ...about };
  });
  const others = now.filter((entry) => !Object.hasOwn(written, entry.key));
  const untouched = others.filter((entry) => entry.updated_at <= until);
  const isThere = ({ kind, expires_at: end }: MemoryEntry): boolean =>
    !(kind === "SHORT_TERM" && isRunOver) && (!end || Date.parse(end) > Date.parse(until));
  const entries = [...own, ...untouched].filter(isThere).sort((one, other) => (one.key < other.key ? -1 : 1));
  return { entries, later: others.filter((entry) => entry.updated_at > until).map((entry) => entry.key) };
}

const RUN_ENDS: ReadonlySet<string> = new Set(["ROOM_COMPLETED", "ROOM_FAILED", "ROOM_CANCELLED"]);
