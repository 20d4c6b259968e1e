/**
 * Which variables are written for certain when a run comes to a node, as engine/core/validation/dataflow.py decides it:
 * a forward analysis that starts from "everything" and only takes away, until nothing changes.
 */

import { variableOf, type Transition, type WorkflowDocument, type WorkflowNode } from "./document.ts";
import { forksOf, type Fork } from "./forks.ts";

type Names = ReadonlySet<string>;

const SILENT: Names = new Set(["START", "END", "DECISION"]);
const NOBODY: Names = new Set();

/** The variables that a node's success writes. */
export function writtenBy(document: WorkflowDocument, node: WorkflowNode): string | null {
  if (node.disabled || SILENT.has(node.type)) return null;
  if (node.type === "PARALLEL") return forksOf(document).has(node.id) ? variableOf(node) : null;
  return node.type !== "WAIT" || node.config["signal"] ? variableOf(node) : null;
}

/** The variables that are written on every way to a node; where no run comes to, all count as written. */
export function assignedBefore(document: WorkflowDocument): (nodeId: string) => Names {
  const flow = new Flow(document);
  return (nodeId) => flow.before.get(nodeId) ?? NOBODY;
}

class Flow {
  readonly before = new Map<string, Names>();
  private readonly nodes: ReadonlyMap<string, WorkflowNode>;
  private readonly into = new Map<string, Transition[]>();
  private readonly out = new Map<string, Transition[]>();
  private readonly gains = new Map<string, string>();
  private readonly forkOf: ReadonlyMap<string, Fork>;

  constructor(document: WorkflowDocument) {
    this.nodes = new Map(document.nodes.map((node) => [node.id, node]));
    for (const way of document.transitions) {
      if (!this.nodes.has(way.source) || !this.nodes.has(way.target)) continue;
      this.out.set(way.source, [...(this.out.get(way.source) ?? []), way]);
    }
    const start = document.nodes.find(({ type }) => type === "START")?.id;
    const reached = start ? this.reachable(start) : new Set(this.nodes.keys());
    for (const ways of this.out.values()) {
      for (const way of ways) if (reached.has(way.source)) this.into.set(way.target, [...(this.into.get(way.target) ?? []), way]);
    }
    for (const node of document.nodes) {
      const name = writtenBy(document, node);
      if (name) this.gains.set(node.id, name);
    }
    this.forkOf = forksOf(document);
    this.spread(reached, start);
  }

  private spread(reached: Names, start: string | undefined): void {
    const all: Names = new Set(this.gains.values());
    for (const id of this.nodes.keys()) this.before.set(id, id === start ? NOBODY : all);
    for (let hasChanged = true; hasChanged; ) {
      hasChanged = false;
      for (const id of reached) {
        const names = id === start ? NOBODY : this.at(id);
        if (names.size === this.before.get(id)!.size) continue;
        this.before.set(id, names);
        hasChanged = true;
      }
    }
  }

  private at(id: string): Names {
    const fork = this.forkOf.get(id);
    const ways = this.into.get(id) ?? [];
    if (!fork) return inEvery(ways.map((way) => this.after(way)));
    const branches = fork.branches.map((inside, index) =>
      inEvery(ways.filter((way) => inside.has(way.source) || way.id === fork.opens[index]!.id).map((way) => this.after(way))),
    );
    return new Set([...this.atFork(fork.id), ...inAtLeast(branches, this.leastArrivals(fork))]);
  }

  private atFork(fork: string): Names {
    return new Set([...(this.before.get(fork) ?? NOBODY), ...this.gain(fork)]);
  }

  private after(way: Transition): Names {
    const fork = this.forkOf.get(way.source);
    if (fork && way.on === "FAILURE") return this.atFork(fork.id);
    const before = this.before.get(way.source) ?? NOBODY;
    return this.isAfterSuccess(way) ? new Set([...before, ...this.gain(way.source)]) : before;
  }

  private gain(id: string): readonly string[] {
    const name = this.gains.get(id);
    return name ? [name] : [];
  }

  private isAfterSuccess(way: Transition): boolean {
    if (way.on !== "ALWAYS") return way.on === "SUCCESS" || way.on === "CONDITION_MET";
    const node = this.nodes.get(way.source)!;
    if (SILENT.has(node.type) || node.type === "PARALLEL" || node.disabled) return true;
    if (this.out.get(node.id)!.some((other) => other.on === "FAILURE")) return true;
    return node.type === "WAIT" && !node.timeout_s && !String(node.config["message"] ?? "").includes("{{");
  }

  /** How many to wait for is the join's to say, then the fork's; failures are the fork's, then the join's. */
  private leastArrivals({ id, join, opens }: Fork): number {
    const [here, there] = [this.nodes.get(id)!.config, this.nodes.get(join)!.config];
    const wait = there["wait_for"] || (this.forkOf.has(id) ? null : here["wait_for"]);
    if (typeof wait === "number") return Math.max(1, Math.min(wait, opens.length));
    if (wait === "any") return 1;
    const onFailure = here["on_branch_failure"] || (this.isFork(join) ? null : there["on_branch_failure"]);
    return onFailure === "continue" ? 0 : opens.length;
  }

  private isFork(id: string): boolean {
    return [...this.forkOf.values()].some((fork) => fork.id === id);
  }

  private reachable(start: string): Names {
    const found = new Set<string>();
    const waiting = [start];
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      if (found.has(id)) continue;
      found.add(id);
      for (const way of this.out.get(id) ?? []) waiting.push(way.target);
    }
    return found;
  }
}

function inEvery(sets: readonly Names[]): Names {
  const [first, ...rest] = sets;
  return first ? new Set([...first].filter((name) => rest.every((set) => set.has(name)))) : NOBODY;
}

/** Names that whichever `least` of the branches arrive bring along. */
function inAtLeast(branches: readonly Names[], least: number): Names {
  if (least === 0) return NOBODY;
  const all = new Set(branches.flatMap((branch) => [...branch]));
  return new Set([...all].filter((name) => branches.filter((branch) => !branch.has(name)).length < least));
}
