/** Every command of the editor with its keys: one table, which the key sheet shows and the keyboard obeys. */

import { asText, fragmentOf, fromText, paste, type Fragment } from "../document/clipboard.ts";
import { tidied } from "../document/layout.ts";
import { move, NOTHING, remove, removeAndHeal, type Selection } from "../document/operations.ts";
import type { Position } from "../document/document.ts";
import type { Editor } from "./editor.ts";

export type Command = {
  readonly id: string;
  readonly title: string;
  /** As "Mod+Shift+Z"; Mod is Ctrl, on a Mac ⌘. */
  readonly keys: readonly string[];
  /** Whether it also works while a field has the focus. */
  readonly isGlobal?: boolean;
  readonly run: (editor: Editor) => void;
};

export const COMMANDS: readonly Command[] = [
  { id: "undo", title: "Undo", keys: ["Mod+Z"], run: (editor) => editor.undo() },
  { id: "redo", title: "Redo", keys: ["Mod+Shift+Z", "Mod+Y"], run: (editor) => editor.redo() },
  { id: "delete", title: "Delete what is selected", keys: ["Delete", "Backspace"], run: deleteSelected },
  { id: "heal", title: "Delete a node and join its neighbours", keys: ["Mod+Delete", "Mod+Backspace"], run: heal },
  { id: "duplicate", title: "Duplicate", keys: ["Mod+D"], run: duplicate },
  { id: "select-all", title: "Select everything", keys: ["Mod+A"], run: selectAll },
  { id: "deselect", title: "Select nothing", keys: ["Escape"], run: (editor) => editor.select(NOTHING) },
  { id: "quick-add", title: "Add a node", keys: ["N"], run: quickAdd },
  { id: "tidy", title: "Tidy up: lay out the selection, or everything", keys: ["Shift+T"], run: (editor) => void tidy(editor) },
  { id: "fit", title: "Show the whole workflow", keys: ["Shift+1", "F"], run: (editor) => editor.view?.fit() },
  { id: "actual-size", title: "Zoom to 100 %", keys: ["Shift+0"], run: (editor) => editor.view?.actualSize() },
  { id: "save", title: "Save now", keys: ["Mod+S"], isGlobal: true, run: (editor) => void editor.flush() },
  { id: "keys", title: "Show the keys", keys: ["?"], run: (editor) => editor.overlay.set({ kind: "keys" }) },
];

/** The keys that the browser itself gives to copy, cut and paste. */
export const CLIPBOARD_KEYS: readonly { readonly title: string; readonly keys: readonly string[] }[] = [
  { title: "Copy, cut, paste (also between workflows, as JSON)", keys: ["Mod+C", "Mod+X", "Mod+V"] },
  { title: "Move what is selected", keys: ["Arrow keys"] },
  { title: "Select several: a box, or one by one", keys: ["Shift+drag", "Shift+click"] },
];

type KeyPress = { readonly key: string; readonly code: string; readonly ctrlKey: boolean; readonly metaKey: boolean; readonly shiftKey: boolean; readonly altKey: boolean };

/** The command that a key press stands for. */
export function commandFor(press: KeyPress, isTyping: boolean): Command | undefined {
  const names = keyNames(press);
  return COMMANDS.find((command) => (!isTyping || command.isGlobal) && command.keys.some((key) => names.includes(key)));
}

function keyNames({ key, code, ctrlKey, metaKey, shiftKey, altKey }: KeyPress): string[] {
  if (altKey) return [];
  const mod = ctrlKey || metaKey ? "Mod+" : "";
  const shift = shiftKey ? "Shift+" : "";
  const plain = key.length === 1 ? key.toUpperCase() : key;
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  const names = [`${mod}${shift}${plain}`];
  if (digit) names.push(`${mod}${shift}${digit}`);
  if (key === "?") names.push("?");
  return names;
}

export function deleteSelected(editor: Editor): void {
  const { selection } = editor.store.get();
  const count = selection.nodes.length + selection.transitions.length + selection.notes.length;
  if (!count) return;
  editor.edit((document) => remove(document, selection));
  editor.announce(`Deleted ${count} ${count === 1 ? "thing" : "things"}.`);
}

function heal(editor: Editor): void {
  const { nodes } = editor.store.get().selection;
  editor.edit((document) => nodes.reduce(removeAndHeal, document));
  if (nodes.length) editor.announce(`Deleted ${nodes.join(", ")} and joined the neighbours.`);
}

function duplicate(editor: Editor): void {
  const { selection } = editor.store.get();
  put(editor, fragmentOf(editor.document, selection), { x: 32, y: 32 });
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
  const corner = cornerOf(fragment);
  if (!corner) return;
  let selection: Selection = NOTHING;
  editor.edit((document) => {
    const done = paste(document, fragment, { x: corner.x + by.x, y: corner.y + by.y });
    selection = done.pasted;
    return done.document;
  });
  editor.select(selection);
  editor.announce(`Added ${selection.nodes.length + selection.notes.length} copies.`);
}

function cornerOf({ nodes, notes }: Fragment): Position | null {
  const places = [...nodes, ...notes].map((item) => item.position ?? { x: 0, y: 0 });
  if (!places.length) return null;
  return { x: Math.min(...places.map(({ x }) => x)), y: Math.min(...places.map(({ y }) => y)) };
}

function selectAll(editor: Editor): void {
  const { nodes, transitions, notes } = editor.document;
  const ids = (items: readonly { readonly id: string }[]): string[] => items.map((item) => item.id);
  editor.select({ nodes: ids(nodes), transitions: ids(transitions), notes: ids(notes) });
}

export function quickAdd(editor: Editor): void {
  const at = editor.view?.centre() ?? { x: 0, y: 0 };
  editor.overlay.set({ kind: "quick-add", screen: editor.view?.screenCentre() ?? { x: 400, y: 300 }, at, wiring: null });
}

export async function tidy(editor: Editor): Promise<void> {
  const { nodes } = editor.store.get().selection;
  const places = await tidied(editor.document, nodes.length > 1 ? new Set(nodes) : undefined);
  editor.edit((document) => move(document, places));
  if (nodes.length < 2) requestAnimationFrame(() => editor.view?.fit());
}
