/**
 * What models say while they speak, by step: shown as it comes, gone when the recorded answer is there.
 * Words may be lost on the way: a gap is shown as one, and nothing depends on them.
 */

import type { RunEvent } from "./event.ts";

/** A piece of an answer; `at`: how many characters of this turn came before it. */
export type Delta = {
  readonly run_id: string;
  readonly node_id: string;
  readonly step: number;
  readonly attempt: number;
  readonly turn: number;
  readonly at: number;
  readonly text: string;
};

export type Speech = { readonly node_id: string; readonly step: number; readonly attempt: number; readonly turn: number; readonly upTo: number; readonly text: string };
export type Speeches = ReadonlyMap<number, Speech>;

export const SILENCE: Speeches = new Map();
export const GAP = " … ";

/** The speeches after a piece more; the same ones if it tells nothing new. */
export function heard(speeches: Speeches, delta: Delta): Speeches {
  const { step, node_id, attempt, turn, at, text } = delta;
  const known = speeches.get(step);
  const isSame = known?.attempt === attempt && known.turn === turn;
  if (known && !isSame && (attempt < known.attempt || (attempt === known.attempt && turn < known.turn))) return speeches;
  const [before, upTo] = isSame && at > 0 ? [known.text, known.upTo] : ["", 0];
  const end = at + text.length;
  if (isSame && at > 0 && end <= upTo) return speeches;
  const more = at > upTo ? GAP + text : text.slice(upTo - at);
  return new Map(speeches).set(step, { node_id, step, attempt, turn, upTo: end, text: before + more });
}

/** The speeches that go on after these events: a recorded answer, or the end of a step or run, takes its words' place. */
export function silenced(speeches: Speeches, events: readonly RunEvent[]): Speeches {
  if (!speeches.size) return speeches;
  if (events.some((event) => ENDS.has(event.type))) return SILENCE;
  const over = events.filter((event) => isOver(speeches.get(event.step ?? -1), event));
  if (!over.length) return speeches;
  const left = new Map(speeches);
  for (const event of over) left.delete(event.step!);
  return left;
}

function isOver(speech: Speech | undefined, { type, data }: RunEvent): boolean {
  if (!speech || !ANSWERS.has(type)) return false;
  return typeof data["turn"] !== "number" || data["turn"] >= speech.turn; // words may be faster than events
}

const ENDS: ReadonlySet<string> = new Set(["ROOM_COMPLETED", "ROOM_FAILED", "ROOM_CANCELLED"]);
const ANSWERS: ReadonlySet<string> = new Set([
  "AGENT_RESPONSE", "AGENT_ERROR", "NODE_EXECUTED", "NODE_FAILED", "NODE_TIMED_OUT", "NODE_RETRY_SCHEDULED", "WORKER_LOST", "BRANCH_CANCELLED", "WAIT_STARTED",
]);
