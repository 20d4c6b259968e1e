/** Copy and paste of parts of a drawing, as JSON text, so that they travel between workflows and through any editor. */

import { FORMAT, readDocument, wire, type JsonObject, type Note, type Position, type Transition, type WorkflowDocument, type WorkflowNode } from "./document.ts";
import { freeId, newNoteId, newTransitionId, taking } from "./identifiers.ts";
import type { Selection } from "./operations.ts";
import { renameVariable } from "./references.ts";

/** Part of a document: nodes, the transitions among them, notes. */
export type Fragment = {
  readonly nodes: readonly WorkflowNode[];
  readonly transitions: readonly Transition[];
  readonly notes: readonly Note[];
};

export function fragmentOf(document: WorkflowDocument, selection: Selection): Fragment {
  const nodes = new Set(selection.nodes);
  const notes = new Set(selection.notes);
  return {
    nodes: document.nodes.filter((node) => nodes.has(node.id)),
    transitions: document.transitions.filter(({ source, target }) => nodes.has(source) && nodes.has(target)),
    notes: document.notes.filter((note) => notes.has(note.id)),
  };
}

/** The fragment as text: itself a small workflow document. */
export function asText(fragment: Fragment): string {
  return JSON.stringify(wire({ format: FORMAT, name: "Clipboard", ...fragment }), null, 2);
}

/** The fragment in a text; null when it is no workflow document. */
export function fromText(text: string): Fragment | null {
  try {
    const raw = JSON.parse(text) as JsonObject | null;
    if (raw === null || raw["format"] !== FORMAT || !Array.isArray(raw["nodes"])) return null;
    const { nodes, transitions, notes } = readDocument(raw);
    return { nodes, transitions, notes };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * Put a fragment into the document with its top left corner at `at`; ids that are taken are replaced.
 * A START is left out when the document has one.
 */
export function paste(document: WorkflowDocument, fragment: Fragment, at: Position): { document: WorkflowDocument; pasted: Selection } {
  const hasStart = document.nodes.some((node) => node.type === "START");
  const nodes = fragment.nodes.filter((node) => !(hasStart && node.type === "START"));
  const corner = topLeft([...nodes, ...fragment.notes]);
  const shifted = (position: Position | undefined): Position => ({
    x: Math.round(at.x + (position?.x ?? corner.x) - corner.x),
    y: Math.round(at.y + (position?.y ?? corner.y) - corner.y),
  });
  const ids = newIds(document, nodes);
  const own = withNewNames({ ...document, ...fragment, nodes }, ids);
  let after: WorkflowDocument = {
    ...document,
    nodes: [...document.nodes, ...own.nodes.map((node) => ({ ...node, id: ids.get(node.id)!, position: shifted(node.position) }))],
  };
  for (const { source, target, ...rest } of own.transitions) {
    const [from, to] = [ids.get(source), ids.get(target)];
    if (!from || !to) continue;
    after = { ...after, transitions: [...after.transitions, { ...rest, id: newTransitionId(after), source: from, target: to }] };
  }
  const notes: string[] = [];
  for (const note of fragment.notes) {
    const id = newNoteId(after);
    notes.push(id);
    after = { ...after, notes: [...after.notes, { ...note, id, position: shifted(note.position) }] };
  }
  return { document: after, pasted: { nodes: [...ids.values()], transitions: [], notes } };
}

/** New ids where the document has them already; a new id is never one that the fragment uses for another node. */
function newIds(document: WorkflowDocument, nodes: readonly WorkflowNode[]): Map<string, string> {
  const there = taking(document.nodes);
  const taken = new Set([...there, ...taking(nodes)]);
  const ids = new Map<string, string>();
  for (const node of nodes) {
    const id = there.has(node.id.toLowerCase()) ? freeId(node.id, taken) : node.id;
    taken.add(id.toLowerCase());
    ids.set(node.id, id);
  }
  return ids;
}

/** Within the fragment, expressions read the copies, not the originals. */
function withNewNames(fragment: WorkflowDocument, ids: ReadonlyMap<string, string>): WorkflowDocument {
  return fragment.nodes
    .filter((node) => !node.save_as && ids.get(node.id) !== node.id)
    .reduce((document, node) => renameVariable(document, node.id, ids.get(node.id)!), fragment);
}

export function topLeft(items: readonly { readonly position?: Position }[]): Position {
  const places = items.flatMap((item) => (item.position ? [item.position] : []));
  if (!places.length) return { x: 0, y: 0 };
  return { x: Math.min(...places.map(({ x }) => x)), y: Math.min(...places.map(({ y }) => y)) };
}
