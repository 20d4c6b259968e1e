/** The room's memory as it was at a moment of a run, as far as the log and today's memory tell. */

import type { MemoryEntry } from "./event.ts";
import type { Standing } from "./fold.ts";

export type Remembered = {
  readonly entries: readonly MemoryEntry[];
  /** Keys that were set after the moment, and not by the run before it: what they held then is not kept. */
  readonly later: readonly string[];
};

/**
 * `now` is today's memory, `standing` where the run stood then, with what it had written outside of any fork. What
 * nobody has touched since was the same then. What had expired is left out, and with the run's end what was for it alone.
 */
export function memoryAt(now: readonly MemoryEntry[], standing: Standing, runId: string): Remembered {
  const written = standing.memory[""] ?? {};
  const isRunOver = standing.ended_at !== null;
  const until = standing.at; // compared as text: a Date knows milliseconds, and a whole run may fit into one
  const own = Object.entries(written).map(([key, { value, at, about }]): MemoryEntry => {
    return { key, value, updated_at: at, run_id: runId, ...about };
  });
  const others = now.filter((entry) => !Object.hasOwn(written, entry.key));
  const untouched = others.filter((entry) => entry.updated_at <= until);
  const isThere = ({ kind, expires_at: end }: MemoryEntry): boolean =>
    !(kind === "SHORT_TERM" && isRunOver) && (!end || Date.parse(end) > Date.parse(until));
  const entries = [...own, ...untouched].filter(isThere).sort((one, other) => (one.key < other.key ? -1 : 1));
  return { entries, later: others.filter((entry) => entry.updated_at > until).map((entry) => entry.key) };
}
