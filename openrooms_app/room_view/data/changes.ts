/** Where in a run a name was set: the events before and after a moment at which a variable or an entry of the memory changed. */

import type { RunEvent } from "./event.ts";

const KINDS = { vars: ["STATE_UPDATED", "name"], memory: ["MEMORY_UPDATED", "key"] } as const;

/** The next event after `seq` (or before it, with `step` -1) that set the name in this branch; null if there is none. */
export function changeBeside(events: readonly RunEvent[], of: { readonly kind: keyof typeof KINDS; readonly name: string; readonly branch: string }, seq: number, step: 1 | -1): number | null {
  const [type, field] = KINDS[of.kind];
  for (let index = step > 0 ? seq : seq - 2; index >= 0 && index < events.length; index += step) {
    const event = events[index]!;
    if (event.type === type && event.data[field] === of.name && (event.branch ?? "") === of.branch) return event.seq;
  }
  return null;
}
