/** The graph by the keys: from a node along its ways, or to the one above or below; into its settings and back. */

import { entering, leaving, nodeOf, type Position, type WorkflowDocument, type WorkflowNode } from "../document/document.ts";
import { NOTHING } from "../document/operations.ts";
import type { Editor } from "./editor.ts";
import { onlyNode } from "./selected.ts";

export type Direction = "left" | "right" | "up" | "down";

/** Select the next node in this direction; the first of all when none is selected. */
export function walk(editor: Editor, direction: Direction): void {
  const { document } = editor;
  const from = nodeOf(document, origin(editor) ?? "");
  const next = from ? nextOf(document, from, direction) : (document.nodes.find(({ type }) => type === "START") ?? document.nodes[0]);
  if (next) return goTo(editor, next.id);
  return editor.announce(direction === "right" ? "No way leads on from here." : direction === "left" ? "No way leads here." : `Nothing lies ${direction === "up" ? "above" : "below"}.`);
}

/** Select a node, bring it into view and give it the focus. */
export function goTo(editor: Editor, id: string): void {
  editor.select({ ...NOTHING, nodes: [id] });
  editor.view?.reveal(id);
}

/** Put the focus into the settings of what is selected; `isRename` marks the name, to be typed over. */
export function openSettings(editor: Editor, isRename = false): void {
  const { nodes, transitions, notes } = editor.store.get().selection;
  if (!nodes.length && !transitions.length && !notes.length) return;
  editor.view?.openSettings(isRename);
}

function origin(editor: Editor): string | null {
  const node = onlyNode(editor);
  if (node) return node;
  const [way] = editor.store.get().selection.transitions;
  return editor.document.transitions.find((each) => each.id === way)?.source ?? null;
}

function nextOf(document: WorkflowDocument, from: WorkflowNode, direction: Direction): WorkflowNode | undefined {
  switch (direction) {
    case "right":
      return leaving(document, from.id).map(({ target }) => nodeOf(document, target)).find((node) => node && node.id !== from.id);
    case "left":
      return entering(document, from.id).map(({ source }) => nodeOf(document, source)).find((node) => node && node.id !== from.id);
    default:
      return beside(document, from, direction === "up" ? -1 : 1);
  }
}

/** The nearest above or below; what lies straight there counts as nearer than what lies aslant. */
function beside(document: WorkflowDocument, from: WorkflowNode, sign: 1 | -1): WorkflowNode | undefined {
  const here = placeOf(from);
  const far = (node: WorkflowNode): number => {
    const { x, y } = placeOf(node);
    return sign * (y - here.y) + 3 * Math.abs(x - here.x);
  };
  return document.nodes
    .filter((node) => sign * (placeOf(node).y - here.y) > 0)
    .reduce<WorkflowNode | undefined>((best, node) => (best && far(best) <= far(node) ? best : node), undefined);
}

function placeOf({ position }: WorkflowNode): Position {
  return position ?? { x: 0, y: 0 };
}
