/** What can be done to a document: each operation takes one and gives a new one, sharing all that stayed the same. */

import {
  leaving,
  nodeOf,
  transitionOf,
  variableOf,
  type JsonObject,
  type Note,
  type On,
  type Position,
  type Transition,
  type WorkflowDocument,
  type WorkflowNode,
} from "./document.ts";
import { namedNodeId, newNodeId, newNoteId, newTransitionId } from "./identifiers.ts";
import { renameVariable } from "./references.ts";

/** A document after something was added to it, and the id that it got. */
export type Added = { readonly document: WorkflowDocument; readonly id: string };

export type Selection = {
  readonly nodes: readonly string[];
  readonly transitions: readonly string[];
  readonly notes: readonly string[];
};

export const NOTHING: Selection = { nodes: [], transitions: [], notes: [] };

export type NewNode = {
  readonly type: string;
  readonly title: string;
  readonly position: Position;
  readonly config?: JsonObject;
  /** What its id is made from, where the type alone says too little. */
  readonly stem?: string;
};

export function addNode(document: WorkflowDocument, { type, title, position, config = {}, stem }: NewNode): Added {
  const id = stem ? namedNodeId(document, stem) : newNodeId(document, type);
  const number = /_(\d+)$/.exec(id)?.[1] ?? "1";
  const name = number === "1" ? title : `${title} ${number}`;
  return { document: { ...document, nodes: [...document.nodes, { id, type, name, position, config }] }, id };
}

export function addNote(document: WorkflowDocument, position: Position): Added {
  const note: Note = { id: newNoteId(document), text: "", position, width: 208, height: 96 };
  return { document: { ...document, notes: [...document.notes, note] }, id: note.id };
}

export type NewTransition = Omit<Transition, "id">;

export function connect(document: WorkflowDocument, transition: NewTransition): Added {
  const id = newTransitionId(document);
  return { document: { ...document, transitions: [...document.transitions, { id, ...transition }] }, id };
}

/** Move one end of a transition, or both, to other nodes. */
export function retarget(document: WorkflowDocument, id: string, ends: { source?: string; target?: string }): WorkflowDocument {
  return patchTransition(document, id, ends);
}

/** Remove what is selected, and with a node each transition at it. */
export function remove(document: WorkflowDocument, selection: Selection): WorkflowDocument {
  const nodes = new Set(selection.nodes);
  const transitions = new Set(selection.transitions);
  const notes = new Set(selection.notes);
  return {
    ...document,
    nodes: document.nodes.filter((node) => !nodes.has(node.id)),
    transitions: document.transitions.filter(
      ({ id, source, target }) => !transitions.has(id) && !nodes.has(source) && !nodes.has(target),
    ),
    notes: document.notes.filter((note) => !notes.has(note.id)),
  };
}

/** Remove a node and lead what came into it to where its main way out led. */
export function removeAndHeal(document: WorkflowDocument, id: string): WorkflowDocument {
  const ways = document.transitions.filter((transition) => transition.source === id && transition.target !== id);
  const main = ways.find(({ on }) => on === "SUCCESS" || on === "ALWAYS") ?? ways[0];
  const healed = main
    ? document.transitions.map((transition) =>
        transition.target === id && transition.source !== id ? { ...transition, target: main.target } : transition,
      )
    : document.transitions;
  return remove({ ...document, transitions: healed }, { ...NOTHING, nodes: [id] });
}

/** Put `id` in the middle of a transition, which then leads to it; its own main way leads on. */
export function splice(document: WorkflowDocument, transitionId: string, id: string, on: On): WorkflowDocument {
  const spliced = transitionOf(document, transitionId);
  if (!spliced || spliced.source === id || spliced.target === id) return document;
  const opened = retarget(document, transitionId, { target: id });
  return connect(opened, { source: id, target: spliced.target, on }).document;
}

/** New places for nodes and notes by id; whatever is not named stays. */
export function move(
  document: WorkflowDocument,
  nodes: ReadonlyMap<string, Position>,
  notes: ReadonlyMap<string, Position> = new Map(),
): WorkflowDocument {
  return {
    ...document,
    nodes: nodes.size ? document.nodes.map((node) => placed(node, nodes.get(node.id))) : document.nodes,
    notes: notes.size ? document.notes.map((note) => placed(note, notes.get(note.id))) : document.notes,
  };
}

function placed<T extends { readonly position?: Position }>(item: T, at: Position | undefined): T {
  if (!at || (item.position && item.position.x === at.x && item.position.y === at.y)) return item;
  return { ...item, position: { x: Math.round(at.x), y: Math.round(at.y) } };
}

export type NodePatch = { readonly [K in keyof Omit<WorkflowNode, "id">]?: WorkflowNode[K] | undefined };

/** Change fields of a node; undefined takes an optional field away. A variable's new name is followed. */
export function patchNode(document: WorkflowDocument, id: string, patch: NodePatch): WorkflowDocument {
  return { ...document, nodes: document.nodes.map((node) => (node.id === id ? patched(node, patch) : node)) };
}

export function setConfigField(document: WorkflowDocument, id: string, key: string, value: unknown): WorkflowDocument {
  const node = nodeOf(document, id);
  if (!node) return document;
  return patchNode(document, id, { config: patched(node.config, { [key]: value }) as JsonObject });
}

/** Give a node another id; transitions and, where its output has no own name, expressions follow. */
export function renameNode(document: WorkflowDocument, from: string, to: string): WorkflowDocument {
  const node = nodeOf(document, from);
  if (!node || from === to) return document;
  const follow = (end: string): string => (end === from ? to : end);
  const renamed = {
    ...document,
    nodes: document.nodes.map((each) => (each.id === from ? { ...each, id: to } : each)),
    transitions: document.transitions.map((each) =>
      each.source === from || each.target === from ? { ...each, source: follow(each.source), target: follow(each.target) } : each,
    ),
  };
  return node.save_as ? renamed : renameVariable(renamed, from, to);
}

/** Save a node's output under another name (undefined: under its id); expressions that read it follow. */
export function renameOutput(document: WorkflowDocument, id: string, saveAs: string | undefined): WorkflowDocument {
  const node = nodeOf(document, id);
  if (!node) return document;
  const before = variableOf(node);
  const changed = patchNode(document, id, { save_as: saveAs });
  const isShared = changed.nodes.some((other) => other.id !== id && variableOf(other) === before);
  return isShared ? changed : renameVariable(changed, before, saveAs ?? id);
}

export type TransitionPatch = { readonly [K in keyof Omit<Transition, "id">]?: Transition[K] | undefined };

export function patchTransition(document: WorkflowDocument, id: string, patch: TransitionPatch): WorkflowDocument {
  return { ...document, transitions: document.transitions.map((each) => (each.id === id ? patched(each, patch) : each)) };
}

/** A condition is asked one place earlier or later than now; the conditions of its node are numbered anew. */
export function reorder(document: WorkflowDocument, id: string, step: -1 | 1): WorkflowDocument {
  const source = transitionOf(document, id)?.source ?? "";
  const order = leaving(document, source).filter(({ on }) => on === "CONDITION_MET").map((way) => way.id);
  const from = order.indexOf(id);
  const to = from + step;
  if (from < 0 || to < 0 || to >= order.length) return document;
  order.splice(to, 0, ...order.splice(from, 1));
  return order.reduce((after, each, priority) => patchTransition(after, each, { priority }), document);
}

export function patchNote(document: WorkflowDocument, id: string, patch: Partial<Note>): WorkflowDocument {
  return { ...document, notes: document.notes.map((note) => (note.id === id ? patched(note, patch) : note)) };
}

export type HeadPatch = {
  readonly [K in "name" | "description" | "input_schema" | "limits"]?: WorkflowDocument[K] | undefined;
};

export function patchHead(document: WorkflowDocument, patch: HeadPatch): WorkflowDocument {
  return patched(document, patch);
}

function patched<T extends object>(value: T, patch: { readonly [key: string]: unknown }): T {
  return Object.fromEntries(Object.entries({ ...value, ...patch }).filter(([, inner]) => inner !== undefined)) as T;
}
