/** Two runs side by side: where they first part, which nodes and ways only one of them took, which values differ. */

import { sorted } from "../../canvas/document/document.ts";
import type { Json } from "./event.ts";
import type { Standing } from "./fold.ts";
import type { Step } from "./steps.ts";

export type Side = "here" | "there" | "differs";

export type Difference = {
  /** What it is a part of: a step's `input` or `output`, or the run's `vars`, `run input` or `run output`. */
  readonly place: string;
  readonly path: string;
  readonly node_id: string | null;
  readonly step: number | null;
  readonly here: Json | undefined;
  readonly there: Json | undefined;
};

export type Parting = { readonly what: string; readonly node_id: string; readonly here: Step | null; readonly there: Step | null };

export type Comparison = {
  /** null: they took the same way with the same values. */
  readonly parting: Parting | null;
  readonly nodes: ReadonlyMap<string, Side>;
  readonly ways: ReadonlyMap<string, Side>;
  readonly differences: readonly Difference[];
};

/** No reader goes through more. */
const MOST = 500;

/** `inputs` is what each was started with. */
export function compare(here: Standing, there: Standing, inputs: readonly [Json, Json] = [null, null]): Comparison {
  const [from, thereFrom] = [sharedFrom(here, there), sharedFrom(there, here)];
  const [ours, theirs] = [keyed(here, from), keyed(there, thereFrom)];
  const nodes = new Map<string, Side>();
  const differences: Difference[] = [];
  let parting: Parting | null = null;
  for (const [key, step] of ours) {
    const other = theirs.get(key) ?? null;
    const what = other ? whatDiffers(step, other) : "only here";
    if (!what) continue;
    parting ??= { what, node_id: step.node_id, here: step, there: other };
    nodes.set(step.node_id, "differs");
    if (other) for (const part of ["input", "output"] as const) differ(differences, { place: part, node_id: step.node_id, step: step.step }, step[part], other[part]);
  }
  for (const [key, step] of theirs) {
    if (ours.has(key)) continue;
    parting ??= { what: "only there", node_id: step.node_id, here: null, there: step };
    nodes.set(step.node_id, "differs");
  }
  only(nodes, nodesOf(here, from), nodesOf(there, thereFrom));
  const ways = new Map<string, Side>();
  only(ways, takenIn(here, from), takenIn(there, thereFrom));
  const run = { node_id: null, step: null };
  differ(differences, { place: "run input", ...run }, inputs[0] ?? {}, inputs[1] ?? {});
  differ(differences, { place: "vars", ...run }, values(here), values(there));
  differ(differences, { place: "run output", ...run }, here.output, there.output);
  return { parting, nodes, ways, differences: differences.slice(0, MOST) };
}

/** The step from which on the two can be compared: a retry begins in the middle of what the other did from its start. */
function sharedFrom(standing: Standing, other: Standing): number {
  if (other.begun_at === null || other.begun_at === standing.begun_at) return 0;
  const same = [...standing.steps.values()].findLast((step) => step.branch === "" && step.node_id === other.begun_at);
  return same?.step ?? 0;
}

/** Steps by what they are to the run, whatever order branches went in: the branch, the node, the how-manieth time. */
function keyed(standing: Standing, from: number): Map<string, Step> {
  const forkSteps = new Map([...standing.steps.values()].map((step) => [step.activation, step.step]));
  const keys = new Map<number, string>();
  const counts = new Map<string, number>();
  const found = new Map<string, Step>();
  for (const step of standing.steps.values()) {
    if (step.step < from) continue;
    const dot = step.branch.lastIndexOf(".");
    const fork = dot < 0 ? "" : (keys.get(forkSteps.get(step.branch.slice(0, dot)) ?? -1) ?? "");
    const name = `${fork}${dot < 0 ? "" : `[${step.branch.slice(dot + 1)}]`}/${step.node_id}`;
    const times = (counts.get(name) ?? 0) + 1;
    counts.set(name, times);
    keys.set(step.step, `${name}#${times}`);
    found.set(`${name}#${times}`, step);
  }
  return found;
}

/** What tells two passages through the same node apart, in the order in which it happens; "" if nothing does. */
function whatDiffers(one: Step, other: Step): string {
  if (!isEqual(one.input, other.input)) return "was given something else";
  if (one.status !== other.status) return `${one.status} here, ${other.status} there`;
  if (!isEqual(one.output, other.output)) return "gave something else";
  if (one.error?.code !== other.error?.code) return "failed otherwise";
  return one.transition?.["transition"] === other.transition?.["transition"] ? "" : "went on another way";
}

function only(into: Map<string, Side>, here: ReadonlySet<string>, there: ReadonlySet<string>): void {
  for (const id of here) if (!there.has(id)) into.set(id, "here");
  for (const id of there) if (!here.has(id)) into.set(id, "there");
}

function nodesOf(standing: Standing, from: number): ReadonlySet<string> {
  return new Set([...standing.steps.values()].filter((step) => step.step >= from).map((step) => step.node_id));
}

/** The ways taken, without those that only earlier steps took. */
function takenIn({ taken, steps }: Standing, from: number): ReadonlySet<string> {
  const [early, late] = [new Set<unknown>(), new Set<unknown>()];
  for (const { step, transition } of steps.values()) (step < from ? early : late).add(transition?.["transition"]);
  return new Set([...taken].filter((id) => !early.has(id) || late.has(id)));
}

function values(standing: Standing): Json {
  return Object.fromEntries(Object.entries(standing.vars[""] ?? {}).map(([name, { value }]) => [name, value]));
}

type Place = Omit<Difference, "path" | "here" | "there">;

function differ(into: Difference[], place: Place, here: Json | undefined, there: Json | undefined, path = ""): void {
  if (into.length >= MOST || isEqual(here, there)) return;
  if (!isContainer(here) || !isContainer(there) || Array.isArray(here) !== Array.isArray(there)) {
    into.push({ ...place, path, here, there });
    return;
  }
  for (const key of new Set([...Object.keys(here), ...Object.keys(there)])) {
    const inner = Array.isArray(here) ? `${path}[${key}]` : path ? `${path}.${key}` : key;
    differ(into, place, here[key], there[key], inner);
  }
}

function isContainer(value: Json | undefined): value is Record<string, Json> {
  return value !== null && typeof value === "object";
}

function isEqual(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (!isContainer(one) || !isContainer(other)) return false;
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}
