/** The drawing by the keys: from part to part, into the settings of what is selected, and back. */

import type { Selection } from "../document/operations.ts";
import { NOTHING } from "../document/operations.ts";
import { partFrom, type Direction, type Part } from "../document/walk.ts";
import type { Editor } from "./editor.ts";

const KINDS = { node: "nodes", way: "transitions", note: "notes" } as const satisfies Record<Part["kind"], keyof Selection>;
const NO_FURTHER: Readonly<Record<Direction, string>> = {
  right: "No way leads on from here.",
  left: "No way leads here.",
  up: "Nothing lies above.",
  down: "Nothing lies below.",
  next: "This is the last.",
  previous: "This is the first.",
  first: "Nothing is drawn yet.",
  last: "Nothing is drawn yet.",
};

/** Select the next part in this direction; where a run begins when none is selected. */
export function walk(editor: Editor, direction: Direction): void {
  const part = partFrom(editor.document, selectedPart(editor), direction);
  if (part) goTo(editor, part);
  else editor.announce(NO_FURTHER[direction]);
}

/** Select a part, bring it into view and give it the focus. */
export function goTo(editor: Editor, part: Part): void {
  editor.select({ ...NOTHING, [KINDS[part.kind]]: [part.id] });
  editor.view?.reveal(part);
}

/** Put the focus into the settings of what is selected; `isRename` marks the name, to be typed over. */
export function openSettings(editor: Editor, isRename = false): void {
  const { nodes, transitions, notes } = editor.store.get().selection;
  if (!nodes.length && !transitions.length && !notes.length) return;
  editor.view?.openSettings(isRename);
}

/** The part that is selected; null when none is, or several of a kind. */
function selectedPart(editor: Editor): Part | null {
  const { nodes, transitions, notes } = editor.store.get().selection;
  const [node, way, note] = [nodes, transitions, notes].map((ids) => (ids.length === 1 ? ids[0] : undefined));
  if (node !== undefined) return { kind: "node", id: node };
  if (way !== undefined) return { kind: "way", id: way };
  return note === undefined ? null : { kind: "note", id: note };
}
