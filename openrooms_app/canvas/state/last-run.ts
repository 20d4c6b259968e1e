/** How the latest run of this workflow went, for the cards, and what its names held, for the expression fields. */

import type { Json, JsonObject } from "../document/document.ts";
import type { SeenTrial } from "../document/trial.ts";
import type { Reply, Send } from "./api.ts";
import type { RunState, Status } from "./run-paint.ts";

export type LastStep = {
  readonly status: Status;
  readonly took_s?: number;
  readonly count: number;
  /** Its run, which is an earlier one where the latest was a trial of other nodes. */
  readonly runId: string;
  readonly runNumber: number;
  /** The number of the last time in it, and what it gave. */
  readonly step: number;
  readonly output: Json;
  /** Why it failed; "" where it did not. */
  readonly error: string;
  /** When it began: RFC 3339. */
  readonly at: string;
};

export type LastRun = {
  readonly id: string;
  readonly number: number;
  readonly roomId: string;
  readonly version: number;
  readonly status: string;
  readonly isOver: boolean;
  /** Transitions that it has taken. */
  readonly taken: readonly string[];
  readonly steps: ReadonlyMap<string, LastStep>;
  /** The names that an expression could read at its end: input, vars, memory. */
  readonly scope: JsonObject;
  readonly input: Json;
  /** Its result; null until there is one. */
  readonly output: Json;
  readonly trial: SeenTrial | null;
  /** Why it failed; "" where it did not. */
  readonly why: string;
};

type Run = { id: string; room_id: string; number: number; version: number; status: string; input?: Json; output?: Json; trial?: SeenTrial | null; error?: { message?: string } | null };
type Step = { step: number; output: Json; error: { message?: string } | null; transition: JsonObject | null; node_id: string; type: string; status: string; started_at: string; duration_ms: number | null };

const STATUSES: Readonly<Record<string, Status>> = {
  running: "running", waiting: "waiting", retrying: "waiting", done: "done", failed: "failed", skipped: "skipped", cancelled: "cancelled", pinned: "pinned",
};
const OVER: ReadonlySet<string> = new Set(["COMPLETED", "FAILED", "CANCELLED"]);

/** Runs among which one is sought that was no trial. */
const LOOKED_THROUGH = 20;

/** The latest run; null when there is none, or it can't be read: the drawing does without. */
export async function lastRunOf(send: Send, workflowId: string): Promise<LastRun | null> {
  const found = await send<{ items: Run[] }>("GET", `/api/runs?workflow_id=${encodeURIComponent(workflowId)}&limit=${LOOKED_THROUGH}`);
  const runs = found.kind === "ok" ? found.value.items : [];
  const whole = runs.findIndex((run) => !run.trial);
  const [latest, before] = await Promise.all([0, whole].map((index) => (runs[index] ? runIn(send, runs[index]) : null)));
  return latest && before && latest.id !== before.id ? over(before, latest) : (latest ?? null);
}

/** What a trial has done, over what was known before it: it may have been of one node alone. */
export function over(before: LastRun | null, run: LastRun): LastRun {
  if (!run.trial || !before) return run;
  const vars = { ...(before.scope["vars"] as JsonObject), ...(run.scope["vars"] as JsonObject) };
  return { ...run, steps: new Map([...before.steps, ...run.steps]), scope: { ...run.scope, vars } };
}

/** This run as it stands now. */
export async function runOf(send: Send, runId: string): Promise<LastRun | null> {
  const found = await send<Run>("GET", `/api/runs/${encodeURIComponent(runId)}`);
  return found.kind === "ok" ? runIn(send, found.value) : null;
}

/** The variables as a step could read them; null when they can't be had. */
export async function varsAt(send: Send, runId: string, step: number): Promise<JsonObject | null> {
  const found = await send<{ vars: JsonObject }>("GET", `/api/runs/${encodeURIComponent(runId)}/state?at_step=${step}`);
  return found.kind === "ok" ? found.value.vars : null;
}

/** What is painted of it. */
export function paintOf({ steps, taken }: LastRun): Partial<RunState> {
  const statuses = [...steps].map(([id, { status, at, took_s, count }]) => [id, { status, count, since: at, ...(took_s === undefined ? {} : { took_s }) }] as const);
  return { statuses: Object.fromEntries(statuses), taken };
}

async function runIn(send: Send, run: Run): Promise<LastRun | null> {
  const path = `/api/runs/${encodeURIComponent(run.id)}`;
  const [steps, state, memory] = await Promise.all([
    send<{ items: Step[] }>("GET", `${path}/steps?limit=1000`),
    send<{ vars: JsonObject; run: Run }>("GET", `${path}/state`),
    send<{ memory?: JsonObject }>("GET", `/api/rooms/${encodeURIComponent(run.room_id)}/status`),
  ]);
  if (steps.kind !== "ok" || state.kind !== "ok") return null;
  const { vars, run: whole } = state.value;
  return {
    id: run.id,
    number: run.number,
    roomId: run.room_id,
    version: run.version,
    status: run.status,
    isOver: OVER.has(run.status),
    taken: steps.value.items.flatMap(({ transition }) => (typeof transition?.["transition"] === "string" ? [transition["transition"]] : [])),
    steps: byNode(steps.value.items, whole),
    scope: { input: whole.input ?? {}, vars, memory: memoryOf(memory) },
    input: whole.input ?? null,
    output: whole.output ?? null,
    trial: whole.trial ?? null,
    why: run.error?.message ?? "",
  };
}

function memoryOf(reply: Reply<{ memory?: JsonObject }>): JsonObject {
  return (reply.kind === "ok" && reply.value.memory) || {};
}

function byNode(steps: readonly Step[], run: Run): ReadonlyMap<string, LastStep> {
  const found = new Map<string, LastStep>();
  for (const step of steps) {
    found.set(step.node_id, {
      status: STATUSES[step.status] ?? "done",
      count: (found.get(step.node_id)?.count ?? 0) + 1,
      runId: run.id,
      runNumber: run.number,
      step: step.step,
      output: given(step, run),
      error: step.error?.message ?? "",
      at: step.started_at,
      ...(step.duration_ms === null ? {} : { took_s: step.duration_ms / 1000 }),
    });
  }
  return found;
}

/** What a step gave: START the run's input, END its result. */
function given({ type, output }: Step, run: Run): Json {
  return (type === "START" ? run.input : type === "END" ? run.output : output) ?? null;
}

/** The value of a dotted name in a scope; undefined when it is not there. */
export function valueOf(scope: JsonObject, name: string): Json | undefined {
  let value: Json | undefined = scope;
  for (const part of name.split(".")) {
    if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.hasOwn(value, part)) return undefined;
    value = (value as JsonObject)[part];
  }
  return value;
}

/** A value in one short line. */
export function inShort(value: Json, longest = 60): string {
  const text = JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
