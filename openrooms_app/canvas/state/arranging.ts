/** Where cards lie: tidied by the layout library, aligned, spread, moved by the keys. */

import { aligned, spread, type Alignment, type Places } from "../document/arranging.ts";
import { GRID } from "../document/card.ts";
import { nodeOf, titleOf } from "../document/document.ts";
import { measure, tidied } from "../document/layout.ts";
import { move } from "../document/operations.ts";
import type { Box } from "../document/route.ts";
import type { Editor } from "./editor.ts";

/** A movement is over after this. */
const GLIDE_MS = 200;

/** Lay out the selected cards, or all when fewer than two are selected. */
export async function tidy(editor: Editor): Promise<void> {
  const { nodes } = editor.store.get().selection;
  const isPart = nodes.length > 1;
  const places = await tidied(editor.document, isPart ? new Set(nodes) : undefined);
  glideTo(editor, places);
  editor.announce(isPart ? `Tidied ${nodes.length} nodes.` : "Tidied the whole workflow.");
  if (!isPart) setTimeout(() => editor.view?.fit(), GLIDE_MS);
}

export function align(editor: Editor, how: Alignment): void {
  const boxes = selectedBoxes(editor, 2, "Select two nodes or more to align them.");
  if (!boxes) return;
  glideTo(editor, aligned(boxes, how));
  editor.announce(`Aligned ${boxes.length} nodes: ${how}.`);
}

export function distribute(editor: Editor, axis: "x" | "y"): void {
  const boxes = selectedBoxes(editor, 3, "Select three nodes or more to spread them evenly.");
  if (!boxes) return;
  glideTo(editor, spread(boxes, axis));
  editor.announce(`Spread ${boxes.length} nodes evenly.`);
}

/** Move what is selected by so many steps of the grid. */
export function nudge(editor: Editor, x: number, y: number): void {
  const { nodes, notes } = editor.store.get().selection;
  if (!nodes.length && !notes.length) return;
  const shifted = (ids: readonly string[], items: readonly { id: string; position?: { x: number; y: number } }[]): Places =>
    new Map(items.filter((item) => ids.includes(item.id) && item.position).map((item) => [item.id, { x: item.position!.x + x * GRID, y: item.position!.y + y * GRID }]));
  editor.edit((document) => move(document, shifted(nodes, document.nodes), shifted(notes, document.notes)), `nudge:${[...nodes, ...notes].join()}`);
  const first = nodes[0] ? nodeOf(editor.document, nodes[0]) : undefined;
  editor.announce(first?.position ? `Moved ${titleOf(first)} to ${first.position.x}, ${first.position.y}.` : "Moved.");
}

function glideTo(editor: Editor, places: Places): void {
  editor.glide();
  editor.edit((document) => move(document, places));
}

function selectedBoxes(editor: Editor, least: number, advice: string): Box[] | null {
  const boxes = editor.store.get().selection.nodes.flatMap((id) => boxOf(editor, id));
  if (boxes.length >= least) return boxes;
  editor.tell("info", advice);
  return null;
}

function boxOf(editor: Editor, id: string): Box[] {
  const node = nodeOf(editor.document, id);
  if (!node?.position) return [];
  const { width, height } = measure(editor.document, node);
  const { x, y } = node.position;
  return [{ id, left: x, top: y, right: x + width, bottom: y + height }];
}
