/** What can be done with what is selected: delete, heal, copy, paste, duplicate. */

import { asText, fragmentOf, fromText, paste, topLeft, type Fragment } from "../document/clipboard.ts";
import { GRID } from "../document/card.ts";
import { nodeOf, titleOf, type Note, type Position, type WorkflowDocument, type WorkflowNode } from "../document/document.ts";
import { NOTHING, patchNode, remove, removeAndHeal, type Selection } from "../document/operations.ts";
import type { Editor } from "./editor.ts";

/** How far a copy lies from what it would cover. */
const SHIFT = 32;
/** A card, roughly: by it the middle of what is pasted is found. */
const CARD = { x: 216, y: 48 };

/** Types that a run can't pass without effect. */
const NEEDED: ReadonlySet<string> = new Set(["START", "END", "DECISION", "PARALLEL"]);

export function deleteSelected(editor: Editor): void {
  const { selection } = editor.store.get();
  const count = selection.nodes.length + selection.transitions.length + selection.notes.length;
  if (!count) return;
  editor.edit((document) => remove(document, selection));
  editor.announce(`Deleted ${count} ${count === 1 ? "thing" : "things"}.`);
}

/** All that are selected at once; as soon as one is enabled, they are disabled. */
export function toggleDisabled(editor: Editor): void {
  const nodes = editor.store.get().selection.nodes.flatMap((id) => nodeOf(editor.document, id) ?? []).filter(({ type }) => !NEEDED.has(type));
  if (!nodes.length) return editor.tell("info", "Select a step or a WAIT: those can be disabled.");
  const disabled = nodes.every((node) => node.disabled) ? undefined : true;
  editor.edit((document) => nodes.reduce((after, { id }) => patchNode(after, id, { disabled }), document));
  editor.announce(`${disabled ? "Disabled" : "Enabled"} ${nodes.map(({ id }) => id).join(", ")}.`);
}

export function heal(editor: Editor): void {
  const { nodes } = editor.store.get().selection;
  editor.edit((document) => nodes.reduce(removeAndHeal, document));
  if (nodes.length) editor.announce(`Deleted ${nodes.join(", ")} and joined the neighbours.`);
}

export function duplicate(editor: Editor): void {
  const fragment = fragmentOf(editor.document, editor.store.get().selection);
  const { x, y } = topLeft([...fragment.nodes, ...fragment.notes]);
  put(editor, fragment, { x: x + SHIFT, y: y + SHIFT });
}

/** The selection as text for the clipboard; null when nothing is selected. */
export function copied(editor: Editor): string | null {
  const { selection } = editor.store.get();
  if (!selection.nodes.length && !selection.notes.length) return null;
  return asText(fragmentOf(editor.document, selection));
}

/** Put what a text holds onto the canvas where the pointer is, else in the middle of the screen; what is no part of a workflow is refused. */
export function pasted(editor: Editor, text: string): void {
  if (!text.trim()) return;
  const fragment = fromText(text);
  if (!fragment) return editor.tell("error", "The clipboard holds no part of a workflow. Copy nodes from a drawing here, or a workflow's JSON as OpenRooms exports it.");
  const middle = editor.view?.placeFor(null).at;
  return put(editor, fragment, middle ? cornerAround(withoutSecondStart(editor.document, fragment), middle) : topLeft([...fragment.nodes, ...fragment.notes]));
}

function withoutSecondStart({ nodes: there }: WorkflowDocument, { nodes, notes }: Fragment): readonly (WorkflowNode | Note)[] {
  const hasStart = there.some(({ type }) => type === "START");
  return [...nodes.filter(({ type }) => !hasStart || type !== "START"), ...notes];
}

/** The top left corner that puts the fragment's middle there. */
function cornerAround(items: readonly { readonly position?: Position }[], middle: Position): Position {
  const corner = topLeft(items);
  const end = { x: Math.max(...items.map(({ position }) => position?.x ?? corner.x)), y: Math.max(...items.map(({ position }) => position?.y ?? corner.y)) };
  const onGrid = (value: number): number => Math.round(value / GRID) * GRID;
  return { x: onGrid(middle.x - (end.x - corner.x + CARD.x) / 2), y: onGrid(middle.y - (end.y - corner.y + CARD.y) / 2) };
}

/** Never just over what is there: the second of two pastes would hide the first. */
function put(editor: Editor, fragment: Fragment, corner: Position): void {
  if (!fragment.nodes.length && !fragment.notes.length) return;
  const taken = new Set([...editor.document.nodes, ...editor.document.notes].map(({ position }) => `${position?.x},${position?.y}`));
  const by = (shift: number): Position => ({ x: corner.x + shift, y: corner.y + shift });
  let shift = 0;
  while (taken.has(`${by(shift).x},${by(shift).y}`)) shift += SHIFT;
  let selection: Selection = NOTHING;
  editor.edit((document) => {
    const done = paste(document, fragment, by(shift));
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
