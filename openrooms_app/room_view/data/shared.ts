/** What a document says of its forks: the names that several branches write, and how those merge at the join. */

import { variableOf, type Transition, type WorkflowDocument, type WorkflowNode } from "../../canvas/document/document.ts";

export type ForkRules = {
  /** Whether a name that several branches write becomes a list, in branch order. */
  readonly makesLists: boolean;
  readonly sharedVars: ReadonlySet<string>;
  readonly sharedMemory: ReadonlySet<string>;
};

export const PLAIN: ForkRules = { makesLists: false, sharedVars: new Set(), sharedMemory: new Set() };

/** The rules of the fork at `fork` whose branches meet at `join`; means the same as `_policy` in engine/core/plan.py. */
export function forkRules(document: WorkflowDocument, fork: string, join: string): ForkRules {
  const nodes = new Map(document.nodes.map((node) => [node.id, node]));
  const ways = new Map<string, Transition[]>();
  for (const way of document.transitions) ways.set(way.source, [...(ways.get(way.source) ?? []), way]);
  const isFork = (id: string): boolean => branchesOf(nodes.get(id), ways).length > 1;
  const merge = nodes.get(fork)?.config["merge"] || (isFork(join) ? null : nodes.get(join)?.config["merge"]);
  if (merge !== "list") return PLAIN;
  const inside = branchesOf(nodes.get(fork), ways).map((way) => reachable(way.target, join, ways));
  const comingIn = (id: string): number => document.transitions.filter((way) => way.target === id).length;
  const written = inside.map((ids) => [...ids].flatMap((id) => nodes.get(id) ?? []));
  return {
    makesLists: true,
    sharedVars: repeated(written.map((branch) => branch.filter((node) => writes(node, comingIn(node.id))).map(variableOf))),
    sharedMemory: repeated(written.map((branch) => branch.flatMap((node) => (node.disabled ? [] : Object.keys(node.remember ?? {}))))),
  };
}

type Ways = ReadonlyMap<string, readonly Transition[]>;

function branchesOf(node: WorkflowNode | undefined, ways: Ways): readonly Transition[] {
  if (node?.type !== "PARALLEL") return [];
  return (ways.get(node.id) ?? []).filter((way) => way.on === "ALWAYS" || way.on === "SUCCESS");
}

function reachable(start: string, end: string, ways: Ways): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === end || found.has(id)) continue;
    found.add(id);
    for (const way of ways.get(id) ?? []) waiting.push(way.target);
  }
  return found;
}

const SILENT: ReadonlySet<string> = new Set(["START", "END", "DECISION"]);

/** Whether the node sets its variable when it succeeds; a PARALLEL does so where branches meet. */
function writes(node: WorkflowNode, comingIn: number): boolean {
  if (node.disabled || SILENT.has(node.type)) return false;
  if (node.type === "PARALLEL") return comingIn > 1;
  return node.type !== "WAIT" || typeof node.config["signal"] === "string";
}

/** The names that stand in two or more of the lists. */
function repeated(lists: readonly (readonly string[])[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const list of lists) {
    for (const name of new Set(list)) (seen.has(name) ? twice : seen).add(name);
  }
  return twice;
}
