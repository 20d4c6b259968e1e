/** A run told as its steps, one event at a time; means the same as engine/core/steps.py. */

import type { Json, JsonObject, RunError, RunEvent } from "./event.ts";
import { Steps } from "./step-list.ts";

export type StepStatus = "running" | "waiting" | "retrying" | "done" | "failed" | "skipped" | "pinned" | "cancelled";

export type Step = {
  step: number;
  node_id: string;
  type: string | null;
  name: string | null;
  branch: string;
  attempt: number;
  status: StepStatus;
  started_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  input: Json;
  output: Json;
  error: RunError | null;
  transition: JsonObject | null;
  tokens: number;
  cost_usd: number;
  /** The activation of its node, which the branches of a fork are named after. */
  activation: string;
  /** Its first and its last event so far. */
  first: number;
  last: number;
};

/** Fold one event in; the step it touched, if any. */
export function applyToSteps(steps: Steps, event: RunEvent): Step | undefined {
  if (ENDS.has(event.type)) cancelAll(steps, event);
  if (event.step === null) return undefined;
  const step = steps.own(event.step);
  if (step) {
    step.last = event.seq;
    FOLDS[event.type]?.(step, event);
    return step;
  }
  if (event.type !== "NODE_ENTERED") return undefined;
  const entered = enteredStep(event, event.step);
  steps.push(entered);
  return entered;
}

/** What goes on when the run ends. */
function cancelAll(steps: Steps, event: RunEvent): void {
  for (const { step, status } of steps.values()) {
    if (UNDER_WAY.has(status)) cancelled(steps.own(step)!, event);
  }
}

export function stepsOf(events: Iterable<RunEvent>): Step[] {
  const steps = new Steps();
  for (const event of events) applyToSteps(steps, event);
  return [...steps.values()];
}

function enteredStep(event: RunEvent, number: number): Step {
  return {
    step: number,
    node_id: event.node_id ?? "",
    type: text(event.data["type"]),
    name: text(event.data["name"]),
    branch: event.branch ?? "",
    attempt: 1,
    status: "running",
    started_at: event.at,
    ended_at: null,
    duration_ms: null,
    input: event.data["input"] ?? null,
    output: null,
    error: null,
    transition: null,
    tokens: 0,
    cost_usd: 0,
    activation: text(event.data["activation"]) ?? "",
    first: event.seq,
    last: event.seq,
  };
}

type Fold = (step: Step, event: RunEvent) => void;

const enteredAgain: Fold = (step, event) => {
  step.input = event.data["input"] ?? step.input;
  step.attempt = event.attempt ?? 1;
  step.status = "running";
};

const invoked: Fold = (step, event) => {
  const tellsHowItGoesOn = "turn" in event.data || "resumed" in event.data;
  if (!tellsHowItGoesOn) step.input = event.data;
  step.attempt = event.attempt ?? 1;
  step.status = "running";
};

const responded: Fold = (step, event) => {
  step.tokens += number(event.data["tokens"]);
  step.cost_usd += number(event.data["cost_usd"]);
};

const executed: Fold = (step, event) => {
  if (step.status !== "skipped" && step.status !== "pinned") step.status = "done";
  step.output = event.data["output"] ?? null;
  step.error = null;
  step.ended_at = event.at;
  step.duration_ms = event.duration_ms;
};

const failed: Fold = (step, event) => {
  step.status = "failed";
  step.error = event.error;
  step.ended_at = event.at;
  step.duration_ms = event.duration_ms;
};

/** A branch may be cancelled between two steps; what was done stays done. */
const cancelled: Fold = (step, event) => {
  if (!UNDER_WAY.has(step.status)) return;
  step.status = "cancelled";
  step.ended_at = event.at;
};

const branched: Fold = (step, event) => {
  step.status = "done";
  step.ended_at = event.at;
};

const left: Fold = (step, event) => {
  step.transition = event.data;
};

const became = (status: StepStatus): Fold => (step) => {
  step.status = status;
};

const UNDER_WAY: ReadonlySet<StepStatus> = new Set(["running", "waiting", "retrying"]);
const ENDS: ReadonlySet<string> = new Set(["ROOM_FAILED", "ROOM_CANCELLED"]);

const FOLDS: Readonly<Record<string, Fold>> = {
  NODE_ENTERED: enteredAgain,
  TOOL_INVOKED: invoked,
  AGENT_INVOKED: invoked,
  TOOL_COMPLETED: responded,
  TOOL_FAILED: responded,
  AGENT_RESPONSE: responded,
  AGENT_ERROR: responded,
  NODE_EXECUTED: executed,
  NODE_FAILED: failed,
  NODE_TIMED_OUT: failed,
  NODE_SKIPPED: became("skipped"),
  NODE_PINNED: became("pinned"),
  NODE_RETRY_SCHEDULED: became("retrying"),
  WAIT_STARTED: became("waiting"),
  BRANCH_FORKED: branched,
  BRANCH_CANCELLED: cancelled,
  TRANSITION: left,
};

function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function number(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}
