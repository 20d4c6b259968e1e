/** Two people's drafts brought together, node by node: what only one of them changed is taken, the rest is asked. */

import { isEqual } from "./difference.ts";
import type { Json, Note, Transition, WorkflowDocument, WorkflowNode } from "./document.ts";

export type Side = "mine" | "theirs";
export type Choices = ReadonlyMap<string, Side>;

/** Something that both changed, each in another way; undefined where one removed it. */
export type Conflict = {
  /** As "nodes:sum" or "head:name". */
  readonly key: string;
  readonly place: "nodes" | "transitions" | "notes" | "head";
  readonly id: string;
  readonly mine: Json | undefined;
  readonly theirs: Json | undefined;
};

export type Three = { readonly base: WorkflowDocument; readonly mine: WorkflowDocument; readonly theirs: WorkflowDocument };
export type Merged = { readonly document: WorkflowDocument; readonly conflicts: readonly Conflict[] };

const HEAD = ["name", "description", "input_schema", "limits"] as const;

/** The merged document; a conflict without a choice is decided for mine. */
export function merge({ base, mine, theirs }: Three, choices: Choices = new Map()): Merged {
  const conflicts: Conflict[] = [];
  const decide: Decide = (place, id, was, my, their) => {
    if (isEqual(my, their) || isEqual(my, was)) return their;
    if (isEqual(their, was)) return my;
    const key = `${place}:${id}`;
    conflicts.push({ key, place, id, mine: my, theirs: their });
    return choices.get(key) === "theirs" ? their : my;
  };
  const head = Object.fromEntries(HEAD.map((key) => [key, decide("head", key, base[key], mine[key], theirs[key])]).filter(([, value]) => value !== undefined));
  const nodes = items<WorkflowNode>("nodes", base.nodes, mine.nodes, theirs.nodes, decide);
  const there = new Set(nodes.map(({ id }) => id));
  const transitions = items<Transition>("transitions", base.transitions, mine.transitions, theirs.transitions, decide);
  const document = {
    ...theirs,
    ...head,
    nodes,
    transitions: transitions.filter(({ source, target }) => there.has(source) && there.has(target)),
    notes: items<Note>("notes", base.notes, mine.notes, theirs.notes, decide),
  };
  return { document: document as WorkflowDocument, conflicts };
}

type Decide = (place: Conflict["place"], id: string, was: Json | undefined, mine: Json | undefined, theirs: Json | undefined) => Json | undefined;
type Item = { readonly id: string; readonly position?: { readonly x: number; readonly y: number } };

function items<T extends Item>(place: "nodes" | "transitions" | "notes", base: readonly T[], mine: readonly T[], theirs: readonly T[], decide: Decide): T[] {
  const [was, my, their] = [base, mine, theirs].map((list) => new Map(list.map((item) => [item.id, item])));
  const ids = [...new Set([...theirs, ...mine].map(({ id }) => id))];
  return ids.flatMap((id) => {
    const [b, m, t] = [was!.get(id), my!.get(id), their!.get(id)];
    const kept = decide(place, id, meaning(b), meaning(m), meaning(t));
    if (kept === undefined) return [];
    const isMoved = m?.position && !isEqual(m.position, b?.position);
    const position = (isMoved ? m.position : t?.position) ?? m?.position;
    return [{ ...(kept as unknown as T), ...(position ? { position } : {}) }];
  });
}

/** Where a card lies is nobody's quarrel: the place that was changed last, mine first, is taken. */
function meaning(item: Item | undefined): Json | undefined {
  if (!item) return undefined;
  const { position: _position, ...rest } = item;
  return rest as unknown as Json;
}
