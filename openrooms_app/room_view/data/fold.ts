/**
 * Where a run stands, told from its events alone: steps, tokens, forks, variables, the path taken.
 *
 * The same fold serves the run that goes on and the slider over its past: the standing at event k is the fold of
 * the first k events. It means the same as engine/core/tokens.py and steps.py.
 */

import type { Json, JsonObject, MemoryKind, RunError, RunEvent, RunStatus } from "./event.ts";
import { PLAIN, type ForkRules } from "./shared.ts";
import { applyToSteps, type Step } from "./steps.ts";
import { Steps } from "./step-list.ts";

export type Phase = "ready" | "running" | "waiting" | "retrying";

export type Token = {
  node_id: string;
  phase: Phase;
  step: number | null;
  since: string;
  /** It has left its node; unless a transition follows, its branch has failed. */
  isLeaving: boolean;
};

/** A fork whose branches have not all met again. */
export type Fork = { node_id: string; join: string; parent: string; width: number; arrived: number[]; step: number };

/** What is not plain about an entry of the memory: its kind, its end, what goes along with it. */
export type About = { kind?: MemoryKind; expires_at?: string; metadata?: JsonObject };
export type Written = { value: Json; seq: number; at: string; step: number | null; about?: About };
export type Names = Record<string, Written>;
/** What each branch wrote since its fork, by branch; "" is the run outside of any fork. */
export type Overlays = Record<string, Names>;

export type Joined = { arrived: number; expected: number };

/** What a WAIT waits for. */
export type Wait = {
  node_id: string; signal: string | null; text: string | null; until: string | null; since: string;
  /** Of the answer, where the step that asks says so itself. */
  form_schema?: JsonObject;
  /** Of an agent, that a person has to approve. */
  call?: { readonly tool: string; readonly arguments: Json };
};

/** How often a node was entered, and the step that it was entered with last. */
export type Passed = { readonly count: number; readonly step: number };

export type Standing = {
  seq: number;
  /** The time of its last event. */
  at: string;
  status: RunStatus;
  isPaused: boolean;
  steps: Steps;
  /** By node, in the order in which they were entered first. */
  passed: Map<string, Passed>;
  /** What its steps have used. */
  used: { readonly tokens: number; readonly cost_usd: number };
  /** By branch. */
  tokens: Map<string, Token>;
  /** By activation. */
  forks: Map<string, Fork>;
  joined: Map<string, Joined>;
  waits: Map<string, Wait>;
  taken: Set<string>;
  vars: Overlays;
  memory: Overlays;
  output: Json;
  error: RunError | null;
  started_at: string | null;
  ended_at: string | null;
  /** Of a retry, the node that it began with. */
  begun_at: string | null;
  /** The branch of the step after which a trial ends; null until it was made. */
  last: string | null;
};

export type RulesOf = (fork: string, join: string) => ForkRules;

export function before(): Standing {
  return {
    seq: 0, at: "", status: "QUEUED", isPaused: false, steps: new Steps(), passed: new Map(), used: { tokens: 0, cost_usd: 0 },
    tokens: new Map(), forks: new Map(), joined: new Map(), waits: new Map(), taken: new Set(), vars: {}, memory: {},
    output: null, error: null, started_at: null, ended_at: null, begun_at: null, last: null,
  };
}

/** The standing after all of `events`, which begin with the run's first. */
export function fold(events: Iterable<RunEvent>, rulesOf: RulesOf = () => PLAIN): Standing {
  const standing = before();
  for (const event of events) apply(standing, event, rulesOf);
  return standing;
}

/** Fold the next event into `at`, in place. */
export function apply(at: Standing, event: RunEvent, rulesOf: RulesOf = () => PLAIN): void {
  at.seq = event.seq;
  at.at = event.at;
  const before = event.step === null ? undefined : at.steps.get(event.step);
  const [tokens, cost] = [before?.tokens ?? 0, before?.cost_usd ?? 0];
  const step = applyToSteps(at.steps, event);
  if (step) count(at, step, step.tokens - tokens, step.cost_usd - cost);
  FOLDS[event.type]?.(at, event, rulesOf);
}

function count(at: Standing, step: Step, tokens: number, cost: number): void {
  if (step.first === at.seq) at.passed.set(step.node_id, { count: (at.passed.get(step.node_id)?.count ?? 0) + 1, step: step.step });
  if (tokens || cost) at.used = { tokens: at.used.tokens + tokens, cost_usd: at.used.cost_usd + cost };
}

/** A standing of its own, which the next events can be folded into; values that were written are shared. */
export function copyOf(at: Standing): Standing {
  const copied = <K, V extends object>(map: Map<K, V>): Map<K, V> => new Map([...map].map(([key, value]) => [key, { ...value }]));
  const overlays = (all: Overlays): Overlays => Object.fromEntries(Object.entries(all).map(([branch, names]) => [branch, { ...names }]));
  return {
    ...at,
    steps: at.steps.copy(),
    passed: new Map(at.passed),
    tokens: copied(at.tokens),
    forks: new Map([...at.forks].map(([key, fork]) => [key, { ...fork, arrived: [...fork.arrived] }])),
    joined: new Map(at.joined),
    waits: new Map(at.waits),
    taken: new Set(at.taken),
    vars: overlays(at.vars),
    memory: overlays(at.memory),
  };
}

/** The status as it follows from where the tokens stand. */
export function statusOf(at: Standing): RunStatus {
  if (at.ended_at || at.status === "QUEUED") return at.isPaused && !at.ended_at ? "PAUSED" : at.status;
  if (at.isPaused) return "PAUSED";
  const tokens = [...at.tokens.values()].filter((token) => !token.isLeaving);
  const rests = (token: Token): boolean => token.phase === "waiting" || token.phase === "retrying";
  return tokens.length && tokens.every(rests) ? "WAITING" : "RUNNING";
}

type Fold = (at: Standing, event: RunEvent, rulesOf: RulesOf) => void;

const put = (at: Standing, event: RunEvent, phase: Phase): void => {
  const branch = event.branch ?? "";
  at.tokens.set(branch, { node_id: event.node_id ?? "", phase, step: event.step, since: event.at, isLeaving: false });
  if (phase !== "waiting") at.waits.delete(branch);
};

const waits: Fold = (at, event) => {
  put(at, event, "waiting");
  const text = (name: string): string | null => (typeof event.data[name] === "string" ? (event.data[name] as string) : null);
  const [tool, form] = [text("tool"), event.data["form_schema"] as JsonObject | undefined];
  at.waits.set(event.branch ?? "", {
    node_id: event.node_id ?? "", signal: text("signal"), text: text("text"), until: text("until"), since: event.at,
    ...(form ? { form_schema: form } : {}),
    ...(tool !== null ? { call: { tool, arguments: event.data["arguments"] ?? null } } : {}),
  });
};

/** Before the next attempt. */
const rests: Fold = (at, event) => {
  const delay_s = Number(event.data["delay_s"]);
  put(at, event, delay_s ? "retrying" : "ready");
  if (!delay_s) return;
  const until = new Date(Date.parse(event.at) + delay_s * 1_000).toISOString();
  const text = `attempt ${Number(event.data["next_attempt"])}`;
  at.waits.set(event.branch ?? "", { node_id: event.node_id ?? "", signal: null, text, until, since: event.at });
};

const leaves: Fold = (at, event) => {
  const token = at.tokens.get(event.branch ?? "");
  if (token) token.isLeaving = true;
  at.waits.delete(event.branch ?? "");
};

const follows: Fold = (at, event) => {
  const branch = event.branch ?? "";
  const target = String(event.data["target"]);
  if (typeof event.data["transition"] === "string") at.taken.add(event.data["transition"]);
  const fork = at.forks.get(forkOf(branch));
  if (branch && fork?.join === target) {
    at.tokens.delete(branch);
    fork.arrived.push(indexOf(branch));
    at.joined.set(target, { arrived: fork.arrived.length, expected: fork.width });
    return;
  }
  at.tokens.set(branch, { node_id: target, phase: "ready", step: null, since: event.at, isLeaving: false });
};

const forks: Fold = (at, event) => {
  const parent = event.branch ?? "";
  const activation = at.steps.get(event.step ?? -1)?.activation ?? "";
  const join = String(event.data["join"]);
  const width = Number(event.data["branches"]);
  at.tokens.delete(parent);
  at.forks.set(activation, { node_id: event.node_id ?? "", join, parent, width, arrived: [], step: event.step ?? 0 });
  at.joined.set(join, { arrived: 0, expected: width });
};

const joins: Fold = (at, event, rulesOf) => {
  const parent = event.branch ?? "";
  const join = event.node_id ?? "";
  const open = openFork(at, parent, join);
  at.joined.set(join, { arrived: Number(event.data["arrived"]), expected: Number(event.data["branches"]) });
  at.tokens.set(parent, { node_id: join, phase: "ready", step: null, since: event.at, isLeaving: false });
  if (!open) return;
  const [activation, fork] = open;
  const rules = rulesOf(fork.node_id, join);
  const branches = [...fork.arrived].sort((one, other) => one - other).map((index) => `${activation}.${index}`);
  merge(at.vars, parent, branches, rules.makesLists ? rules.sharedVars : NOTHING);
  merge(at.memory, parent, branches, rules.makesLists ? rules.sharedMemory : NOTHING);
  drop(at, activation);
};

const NOTHING: ReadonlySet<string> = new Set();

function merge(overlays: Overlays, parent: string, branches: readonly string[], shared: ReadonlySet<string>): void {
  const into = (overlays[parent] ??= {});
  const lists = new Set<string>();
  for (const branch of branches) {
    for (const [name, written] of Object.entries(overlays[branch] ?? {})) {
      if (!shared.has(name)) into[name] = written;
      else into[name] = { value: [...(lists.has(name) ? (into[name]!.value as readonly Json[]) : []), written.value], seq: written.seq, at: written.at, step: written.step };
      lists.add(name);
    }
  }
}

/** Forget a fork with everything inside of it. */
function drop(at: Standing, activation: string): void {
  const isInside = (path: string): boolean => path === activation || path.startsWith(`${activation}.`);
  for (const key of [...at.forks.keys()].filter(isInside)) at.forks.delete(key);
  const isBranch = (path: string): boolean => path.startsWith(`${activation}.`);
  for (const branch of [...at.tokens.keys()].filter(isBranch)) at.tokens.delete(branch);
  for (const branch of [...at.waits.keys()].filter(isBranch)) at.waits.delete(branch);
  for (const overlays of [at.vars, at.memory]) {
    for (const branch of Object.keys(overlays).filter(isBranch)) delete overlays[branch];
  }
}

/** A step failed; at a join it is the fork that was given up. */
const fails: Fold = (at, event) => {
  const open = openFork(at, event.branch ?? "", event.node_id ?? "");
  if (!open) return;
  drop(at, open[0]);
  at.tokens.set(event.branch ?? "", { node_id: event.node_id ?? "", phase: "ready", step: null, since: event.at, isLeaving: true });
};

const cancelsBranch: Fold = (at, event) => {
  if (event.node_id === null) return; // a late result that is thrown away
  at.tokens.delete(event.branch ?? "");
  at.waits.delete(event.branch ?? "");
};

const sets: Fold = (at, event) => {
  const name = String(event.data["name"]);
  const value = "value" in event.data ? event.data["value"]! : (at.steps.get(event.step ?? -1)?.output ?? null);
  (at.vars[event.branch ?? ""] ??= {})[name] = { value, seq: event.seq, at: event.at, step: event.step };
};

const remembers: Fold = (at, event) => {
  const written = { value: event.data["value"] ?? null, seq: event.seq, at: event.at, step: event.step, ...aboutOf(event.data) };
  (at.memory[event.branch ?? ""] ??= {})[String(event.data["key"])] = written;
};

function aboutOf({ kind, expires_us: expires, meta }: JsonObject): { about?: About } {
  const about: About = {
    ...(kind ? { kind: kind as MemoryKind } : {}),
    ...(typeof expires === "number" ? { expires_at: new Date(expires / 1_000).toISOString() } : {}),
    ...(meta ? { metadata: meta as JsonObject } : {}),
  };
  return Object.keys(about).length ? { about } : {};
}

const starts: Fold = (at, event) => {
  at.status = "RUNNING";
  at.started_at = event.at;
  const resumed = event.data["at_step"] as { readonly node?: string; readonly vars?: JsonObject } | undefined;
  if (!resumed?.node) return;
  at.begun_at = resumed.node;
  at.tokens.set("", { node_id: resumed.node, phase: "ready", step: null, since: event.at, isLeaving: false });
  const kept = Object.entries(resumed.vars ?? {});
  at.vars[""] = Object.fromEntries(kept.map(([name, value]) => [name, { value, seq: event.seq, at: event.at, step: null }]));
};

/** A trial may end inside forks: its variables are those that its last step saw. */
function seenIn(at: Standing, branch: string): Names {
  const outer = branch ? seenIn(at, at.forks.get(forkOf(branch))?.parent ?? "") : {};
  return { ...outer, ...at.vars[branch] };
}

const ends = (status: RunStatus): Fold => (at, event) => {
  if (at.last && status !== "CANCELLED") at.vars = { "": seenIn(at, at.last) };
  at.status = status;
  at.ended_at = event.at;
  at.output = event.data["output"] ?? null;
  at.error = event.error;
  at.tokens.clear();
  at.forks.clear();
  at.waits.clear();
};

const FOLDS: Readonly<Record<string, Fold>> = {
  ROOM_STARTED: starts,
  ROOM_PAUSED: (at) => void (at.isPaused = true),
  ROOM_RESUMED: (at) => void (at.isPaused = false),
  ROOM_COMPLETED: ends("COMPLETED"),
  ROOM_FAILED: ends("FAILED"),
  ROOM_CANCELLED: ends("CANCELLED"),
  NODE_ENTERED: (at, event) => put(at, event, "running"),
  TOOL_INVOKED: (at, event) => put(at, event, "running"),
  AGENT_INVOKED: (at, event) => put(at, event, "running"),
  NODE_RETRY_SCHEDULED: rests,
  WORKER_LOST: (at, event) => put(at, event, "ready"),
  WAIT_STARTED: waits,
  WAIT_ENDED: (at, event) => put(at, event, event.data["what"] === "retry" ? "ready" : "running"),
  NODE_FAILED: fails,
  NODE_EXITED: leaves,
  TRANSITION: follows,
  BRANCH_FORKED: forks,
  BRANCH_JOINED: joins,
  BRANCH_CANCELLED: cancelsBranch,
  UNTIL_REACHED: (at, event) => void (at.last = event.branch),
  STATE_UPDATED: sets,
  MEMORY_UPDATED: remembers,
};

function openFork(at: Standing, parent: string, join: string): [string, Fork] | undefined {
  return [...at.forks].find(([, fork]) => fork.parent === parent && fork.join === join);
}

function forkOf(branch: string): string {
  return branch.slice(0, Math.max(0, branch.lastIndexOf(".")));
}

/** What a branch's path says: "7.0" is the first one of the fork that was the seventh step outside of it. */
export function spellBranch(branch: string): string {
  return `Branch ${indexOf(branch) + 1} of the fork at ${forkOf(branch)}`;
}

function indexOf(branch: string): number {
  return Number(branch.slice(branch.lastIndexOf(".") + 1));
}
