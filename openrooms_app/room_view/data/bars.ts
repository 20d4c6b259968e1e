/** The times of one step: its attempts at work, its waits and its rests between attempts. */

import type { RunEvent } from "./event.ts";

export type BarKind = "work" | "wait" | "rest";
/** `to` is null while it goes on. */
export type Bar = { readonly kind: BarKind; readonly from: string; readonly to: string | null; readonly attempt: number; readonly hasFailed: boolean };

/** The bars of a step by its events, in their order, without a gap. */
export function barsOf(events: Iterable<RunEvent>): readonly Bar[] {
  const bars: Bar[] = [];
  for (const event of events) {
    const isRested = event.type === "WAIT_ENDED" && event.data["what"] === "retry"; // the next attempt says itself when it begins
    const kind = isRested ? undefined : BEGINS[event.type];
    if (FAILS.has(event.type)) end(bars, event, true);
    else if (isRested || ENDS.has(event.type)) end(bars, event, false);
    if (!kind) continue;
    const open = bars.at(-1);
    const attempt = event.attempt ?? 1;
    if (open?.to === null && open.kind === kind && open.attempt === attempt) continue;
    end(bars, event, false);
    bars.push({ kind, from: event.at, to: null, attempt, hasFailed: false });
  }
  return bars;
}

const BEGINS: Readonly<Record<string, BarKind>> = {
  NODE_ENTERED: "work", TOOL_INVOKED: "work", AGENT_INVOKED: "work", WAIT_ENDED: "work", WAIT_STARTED: "wait", NODE_RETRY_SCHEDULED: "rest",
};
const FAILS: ReadonlySet<string> = new Set(["NODE_FAILED", "NODE_TIMED_OUT", "WORKER_LOST"]);
const ENDS: ReadonlySet<string> = new Set(["NODE_EXECUTED", "NODE_EXITED", "BRANCH_FORKED", "BRANCH_CANCELLED"]);

function end(bars: Bar[], event: RunEvent, hasFailed: boolean): void {
  const open = bars.at(-1);
  if (open?.to === null) bars[bars.length - 1] = { ...open, to: event.at, hasFailed };
}
