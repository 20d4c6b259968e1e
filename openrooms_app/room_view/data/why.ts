/** Why a transition was taken or not, and why a node did not run: told from the record, up to a moment. */

import { entering, type Transition, type WorkflowDocument } from "../../canvas/document/document.ts";
import type { Json, JsonObject, RunEvent } from "./event.ts";

/** A condition as it was looked at: the values that it read, and the steps that had written them. */
export type Condition = { readonly when: string; readonly values: JsonObject; readonly wroteBy: Readonly<Record<string, number>> };

export type Verdict = "taken" | "false" | "passed over" | "other outcome" | "broken";

/** What became of a transition when a step left its node. */
export type Judgement = {
  readonly seq: number;
  readonly step: number | null;
  readonly branch: string;
  readonly verdict: Verdict;
  readonly condition: Condition | null;
  /** The transition that was taken in its place. */
  readonly taken: string | null;
  /** How the step ended. */
  readonly outcome: string;
  readonly error: string | null;
  /** Conditions that were looked at before it, and did not hold. */
  readonly tried: readonly Tried[];
};

export type Tried = { readonly transition: string; readonly condition: Condition };

/** The types of events that tell what becomes of ways. */
export const JUDGING = ["NODE_EXITED", "TRANSITION", "NODE_FAILED"];

/** What became of `way` by these events, oldest first. */
export function judgementsOf(way: Transition, events: Iterable<RunEvent>): readonly Judgement[] {
  const found: Judgement[] = [];
  const outcomes = new Map<number, string>();
  for (const event of events) {
    if (event.node_id !== way.source) continue;
    if (event.type === "NODE_EXITED" && event.step !== null) outcomes.set(event.step, String(event.data["outcome"]));
    else if (event.type === "TRANSITION") found.push(judged(way, event, outcomes.get(event.step ?? -1) ?? "SUCCESS"));
    else if (isBroken(event, way)) found.push({ ...bare(event, "FAILURE"), verdict: "broken", error: event.error?.message ?? null });
  }
  // A fork follows all of its ways at once: what the others say of this one is no verdict.
  const forked = new Set(found.filter((each) => each.verdict === "taken").map((each) => each.step));
  return found.filter((each) => each.verdict !== "passed over" || !forked.has(each.step));
}

/** For a node that did not run: each way into it, with what became of it last; null where its source was never left. */
export function waysInto(document: WorkflowDocument, node: string, eventsFrom: (source: string) => Iterable<RunEvent>): readonly (readonly [Transition, Judgement | null])[] {
  return entering(document, node).map((way) => [way, judgementsOf(way, eventsFrom(way.source)).at(-1) ?? null]);
}

function judged(way: Transition, event: RunEvent, outcome: string): Judgement {
  const { data } = event;
  const tried = ((data["tried"] ?? []) as readonly JsonObject[]).map((one) => ({ transition: String(one["transition"]), condition: conditionOf(one)! }));
  const taken = String(data["transition"]);
  const at = tried.findIndex((one) => one.transition === way.id);
  const base = { ...bare(event, outcome), taken };
  if (taken === way.id) return { ...base, verdict: "taken", condition: conditionOf(data), tried };
  if (at >= 0) return { ...base, verdict: "false", condition: tried[at]!.condition, tried: tried.slice(0, at) };
  const isPassed = way.on === "CONDITION_MET" || way.on === "ALWAYS" ? outcome === "SUCCESS" : way.on === outcome;
  return isPassed ? { ...base, verdict: "passed over", condition: conditionOf(data) } : { ...base, verdict: "other outcome" };
}

function bare(event: RunEvent, outcome: string): Judgement {
  return {
    seq: event.seq, step: event.step, branch: event.branch ?? "", verdict: "passed over", condition: null, taken: null, outcome, error: null, tried: [],
  };
}

function isBroken(event: RunEvent, way: Transition): boolean {
  return event.type === "NODE_FAILED" && (event.error as { readonly transition_id?: string } | null)?.transition_id === way.id;
}

function conditionOf(data: JsonObject): Condition | null {
  if (typeof data["when"] !== "string") return null;
  const part = (name: string): JsonObject => (data[name] ?? {}) as JsonObject;
  return { when: data["when"], values: part("values"), wroteBy: part("wrote_by") as unknown as Readonly<Record<string, number>> };
}

export function spelled(value: Json): string {
  return typeof value === "string" && /^[{[]\d+ (keys|items)[}\]]$/.test(value) ? value : JSON.stringify(value);
}
