/**
 * Which PARALLEL joins the branches of which, as engine/core/structure.py decides it for a sound drawing: a node that
 * several ways lead to need not be a join. What does not nest is left out.
 */

import type { Transition, WorkflowDocument } from "./document.ts";

export type Fork = { readonly id: string; readonly join: string; readonly opens: readonly Transition[]; readonly branches: readonly ReadonlySet<string>[] };

const known = new WeakMap<WorkflowDocument, ReadonlyMap<string, Fork>>();

/** The forks by their joins; worked out once for each document. */
export function forksOf(document: WorkflowDocument): ReadonlyMap<string, Fork> {
  const found = known.get(document) ?? new Map(new Matching(document).forks().map((fork) => [fork.join, fork]));
  known.set(document, found);
  return found;
}

function opensBranch(way: Transition): boolean {
  return way.on === "ALWAYS" || way.on === "SUCCESS";
}

class Matching {
  private readonly out = new Map<string, Transition[]>();
  private readonly kinds: ReadonlyMap<string, string>;
  private readonly distance: ReadonlyMap<string, number>;

  constructor(document: WorkflowDocument) {
    this.kinds = new Map(document.nodes.map(({ id, type }) => [id, type]));
    for (const way of document.transitions) this.out.set(way.source, [...(this.out.get(way.source) ?? []), way]);
    this.distance = this.toTheEnd();
  }

  forks(): Fork[] {
    return [...this.kinds].flatMap(([id, kind]) => {
      const opens = kind === "PARALLEL" ? (this.out.get(id) ?? []).filter(opensBranch) : [];
      const join = opens.length > 1 ? this.meeting(opens.map(({ target }) => target)) : undefined;
      if (!join || join === id || this.kinds.get(join) !== "PARALLEL") return [];
      const branches = opens.map(({ target }) => this.inside(target, join));
      const isSound = branches.every((branch) => !branch.has(id) && ![...branch].some((inner) => this.kinds.get(inner) === "END"));
      return isSound ? [{ id, join, opens, branches }] : [];
    });
  }

  /** Branches that nest have nothing in common before their join: from there on their shortest ways to an END are one. */
  private meeting(targets: readonly string[]): string | undefined {
    let [meeting, ...others] = targets as [string | undefined, ...string[]];
    for (let other of others as (string | undefined)[]) {
      while (meeting !== other && meeting !== undefined && other !== undefined) {
        if (this.far(meeting) >= this.far(other)) meeting = this.nearer(meeting);
        else other = this.nearer(other);
      }
      if (meeting !== other) return undefined;
    }
    return meeting;
  }

  private far(id: string): number {
    return this.distance.get(id) ?? Infinity;
  }

  /** The next node on the shortest way to an END. */
  private nearer(id: string): string | undefined {
    return (this.out.get(id) ?? []).find(({ target }) => this.far(target) === this.far(id) - 1)?.target;
  }

  private toTheEnd(): ReadonlyMap<string, number> {
    const into = new Map<string, string[]>();
    for (const [source, ways] of this.out) for (const { target } of ways) into.set(target, [...(into.get(target) ?? []), source]);
    const found = new Map([...this.kinds].filter(([, kind]) => kind === "END").map(([id]) => [id, 0]));
    for (const [id, far] of found) for (const source of into.get(id) ?? []) if (!found.has(source)) found.set(source, far + 1);
    return found;
  }

  /** What a branch can come to before its join. */
  private inside(start: string, join: string): ReadonlySet<string> {
    const found = new Set(start === join ? [] : [start]);
    for (const id of found) for (const { target } of this.out.get(id) ?? []) if (target !== join) found.add(target);
    return found;
  }
}
