/** What can be done with what is selected: delete, heal, copy, paste, duplicate. */

import { asText, fragmentOf, fromText, paste, topLeft, type Fragment } from "../document/clipboard.ts";
import { nodeOf, titleOf, type Position } from "../document/document.ts";
import { NOTHING, remove, removeAndHeal, type Selection } from "../document/operations.ts";
import type { Editor } from "./editor.ts";

export function deleteSelected(editor: Editor): void {
  const { selection } = editor.store.get();
  const count = selection.nodes.length + selection.transitions.length + selection.notes.length;
  if (!count) return;
  editor.edit((document) => remove(document, selection));
  editor.announce(`Deleted ${count} ${count === 1 ? "thing" : "things"}.`);
}

export function heal(editor: Editor): void {
  const { nodes } = editor.store.get().selection;
  editor.edit((document) => nodes.reduce(removeAndHeal, document));
  if (nodes.length) editor.announce(`Deleted ${nodes.join(", ")} and joined the neighbours.`);
}

export function duplicate(editor: Editor): void {
  put(editor, fragmentOf(editor.document, editor.store.get().selection), { x: 32, y: 32 });
}

/** The selection as text for the clipboard; null when nothing is selected. */
export function copied(editor: Editor): string | null {
  const { selection } = editor.store.get();
  if (!selection.nodes.length && !selection.notes.length) return null;
  return asText(fragmentOf(editor.document, selection));
}

/** Put what a text holds onto the canvas; false when it is no part of a workflow. */
export function pasted(editor: Editor, text: string): boolean {
  const fragment = fromText(text);
  if (!fragment) return false;
  put(editor, fragment, { x: 32, y: 32 });
  return true;
}

function put(editor: Editor, fragment: Fragment, by: Position): void {
  if (!fragment.nodes.length && !fragment.notes.length) return;
  const corner = topLeft([...fragment.nodes, ...fragment.notes]);
  let selection: Selection = NOTHING;
  editor.edit((document) => {
    const done = paste(document, fragment, { x: corner.x + by.x, y: corner.y + by.y });
    selection = done.pasted;
    return done.document;
  });
  editor.select(selection);
  editor.announce(`Added ${selection.nodes.length + selection.notes.length} copies.`);
}

export function selectAll(editor: Editor): void {
  const { nodes, transitions, notes } = editor.document;
  const ids = (items: readonly { readonly id: string }[]): string[] => items.map((item) => item.id);
  editor.select({ nodes: ids(nodes), transitions: ids(transitions), notes: ids(notes) });
  editor.announce(`Selected all: ${nodes.length} nodes, ${transitions.length} transitions.`);
}

/** The only node that is selected, when nothing else is. */
export function onlyNode(editor: Editor): string | null {
  const { nodes, transitions, notes } = editor.store.get().selection;
  return nodes.length === 1 && !transitions.length && !notes.length ? nodes[0]! : null;
}

/** What is selected, for a screen reader; empty where there is nothing to say. */
export function saidOf(editor: Editor, { nodes, transitions, notes }: Selection): string {
  const count = nodes.length + transitions.length + notes.length;
  if (count > 1) return `${count} things selected.`;
  const [node] = nodes.map((id) => nodeOf(editor.document, id));
  if (node) return `Selected ${titleOf(node)}, ${node.type.toLowerCase().replaceAll("_", " ")}.`;
  const [way] = transitions.map((id) => editor.document.transitions.find((each) => each.id === id));
  if (way) return `Selected the transition from ${way.source} to ${way.target} on ${way.on}.`;
  return notes.length ? `Selected note ${notes[0]}.` : "";
}
