/** An agent's step told as its turns: what was asked, what was answered, which tools were called and what they gave. */

import type { Json, JsonObject, RunError, RunEvent } from "./event.ts";

/** What a person said to a call that had to be approved; `approved` is null until then. */
export type Approval = {
  readonly since: string;
  readonly until: string | null;
  readonly approved: boolean | null;
  readonly by: string | null;
  readonly note: string | null;
  readonly isLate: boolean;
};

export type CallStatus = "wanted" | "asked" | "running" | "done" | "failed";

export type Call = {
  readonly number: number;
  readonly tool: string;
  readonly arguments: Json;
  readonly status: CallStatus;
  readonly result: Json | undefined;
  readonly error: RunError | null;
  readonly took_ms: number | null;
  readonly approval: Approval | null;
};

export type Turn = {
  /** 0 is the summary of a conversation that had grown too long. */
  readonly turn: number;
  readonly attempt: number;
  readonly at: string;
  readonly status: "asking" | "answered" | "failed";
  readonly provider: string;
  readonly model: string;
  readonly text: string;
  readonly calls: readonly Call[];
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: number;
  readonly took_ms: number | null;
  readonly error: RunError | null;
};

/** The turns of one step by its events, oldest first. */
export function turnsOf(events: Iterable<RunEvent>): readonly Turn[] {
  const turns: Turn[] = [];
  for (const event of events) FOLDS[event.type]?.(turns, event);
  return turns;
}

type Fold = (turns: Turn[], event: RunEvent) => void;

const asks: Fold = (turns, event) => {
  const turn = event.data["turn"];
  if (typeof turn === "number") return put(turns, event, turn, {});
  const last = turns.at(-1);
  if (!last) return put(turns, event, 1, {});
  if (last.status !== "answered") put(turns, event, last.turn, { status: "asking", error: null });
};

const answers: Fold = (turns, event) => {
  const { data } = event;
  if (typeof data["turn"] !== "number") return; // the step's own sum, where its turns were not recorded one by one
  const reply = object(data["output"]);
  const wanted = (reply["tool_calls"] ?? []) as readonly JsonObject[];
  put(turns, event, data["turn"], {
    status: "answered",
    text: words(reply["text"]),
    calls: wanted.map((call, index) => ({ ...BLANK_CALL, number: index + 1, tool: words(call["name"]), arguments: call["arguments"] ?? null })),
    input_tokens: count(data["input_tokens"]),
    output_tokens: count(data["output_tokens"]),
    cost_usd: count(data["cost_usd"]),
    took_ms: event.duration_ms,
  });
};

const fails: Fold = (turns, event) => {
  const last = turns.at(-1);
  if (last?.status === "asking") turns[turns.length - 1] = { ...last, status: "failed", error: event.error };
};

const calls = (change: (event: RunEvent) => Partial<Call>): Fold => (turns, event) => {
  const { turn, call } = event.data;
  if (typeof turn !== "number" || typeof call !== "number") return;
  onCall(turns, turn, (each) => each.number === call, change(event));
};

/** A call that waits for a person is told by its tool and arguments. */
const waits: Fold = (turns, event) => {
  const { tool } = event.data;
  const last = turns.at(-1);
  if (typeof tool !== "string" || !last) return;
  const wanted = JSON.stringify(event.data["arguments"]);
  const isIt = (each: Call): boolean => each.tool === tool && each.approval === null && JSON.stringify(each.arguments) === wanted;
  const number = last.calls.find(isIt)?.number;
  const until = typeof event.data["until"] === "string" ? event.data["until"] : null;
  const approval = { since: event.at, until, approved: null, by: null, note: null, isLate: false };
  onCall(turns, last.turn, (each) => each.number === number, { status: "asked", approval });
};

const decided: Fold = (turns, event) => {
  const last = turns.at(-1);
  const asked = last?.calls.find((each) => each.status === "asked");
  if (!last || !asked?.approval) return;
  const payload = object(event.data["payload"]);
  const isLate = event.data["timed_out"] === true;
  const note = typeof payload["note"] === "string" && payload["note"] ? payload["note"] : null;
  const by = typeof event.data["by"] === "string" ? event.data["by"] : null;
  const approval = { ...asked.approval, approved: payload["approved"] === true, by, note, isLate };
  onCall(turns, last.turn, (each) => each.number === asked.number, { status: "wanted", approval });
};

const FOLDS: Readonly<Record<string, Fold>> = {
  AGENT_INVOKED: asks,
  AGENT_RESPONSE: answers,
  AGENT_ERROR: fails,
  TOOL_INVOKED: calls(() => ({ status: "running" })),
  TOOL_COMPLETED: calls((event) => ({ status: "done", result: event.data["output"] ?? null, took_ms: event.duration_ms })),
  TOOL_FAILED: calls((event) => ({ status: "failed", error: event.error, took_ms: event.duration_ms })),
  WAIT_STARTED: waits,
  WAIT_ENDED: decided,
};

const BLANK_CALL: Call = {
  number: 1, tool: "", arguments: null, status: "wanted", result: undefined, error: null, took_ms: null, approval: null,
};

function put(turns: Turn[], event: RunEvent, number: number, change: Partial<Turn>): void {
  const at = turns.findIndex((each) => each.turn === number);
  const before: Turn = turns[at] ?? {
    turn: number, attempt: 1, at: event.at, status: "asking", provider: "", model: "", text: "", calls: [],
    input_tokens: 0, output_tokens: 0, cost_usd: 0, took_ms: null, error: null,
  };
  const told = { provider: words(event.data["provider"]), model: words(event.data["model"]), attempt: event.attempt ?? 1 };
  const turn = { ...before, ...told, ...change };
  if (at >= 0) turns[at] = turn;
  else turns.push(turn);
}

function onCall(turns: Turn[], number: number, isIt: (call: Call) => boolean, change: Partial<Call>): void {
  const at = turns.findIndex((each) => each.turn === number);
  const turn = turns[at];
  if (turn) turns[at] = { ...turn, calls: turn.calls.map((call) => (isIt(call) ? { ...call, ...change } : call)) };
}

function object(value: Json | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as JsonObject) : {};
}

function words(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function count(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}
