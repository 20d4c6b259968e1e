/** How a node gets into the drawing: from the palette, from the quick-add box, onto an edge, at the end of one. */

import { answer, MAIN, preset } from "../document/connecting.ts";
import { GRID } from "../document/card.ts";
import { nodeOf, transitionOf, type Position, type WorkflowDocument } from "../document/document.ts";
import { freePlace, measure, withRoom } from "../document/layout.ts";
import { addNode, addNote, connect, NOTHING, retarget, splice } from "../document/operations.ts";
import { offersIn, outcomesIn } from "./catalogue.ts";
import type { Editor, Wiring } from "./editor.ts";

/** What the palette calls a sticky note among the node types. */
export const NOTE_TYPE = "NOTE";

/** Add what is offered under this id with its middle at `at`; null, with the reason told, when it may not be added. */
export function add(editor: Editor, offer: string, at: Position, wiring: Wiring | null = null): string | null {
  if (offer === NOTE_TYPE) return addNoteAt(editor, at);
  const { type, title, stem, config } = offersIn(editor.store.get().catalogue).find(({ id }) => id === offer) ?? { type: offer, title: offer };
  if (type === "START" && editor.document.nodes.some((node) => node.type === "START")) {
    editor.tell("error", "A workflow has exactly one START, and this one has it already.");
    return null;
  }
  let id = "";
  editor.edit((document) => {
    const added = addNode(document, { type, title, position: { x: 0, y: 0 }, ...(config && { config }), ...(stem && { stem }) });
    id = added.id;
    const { width, height } = measure(added.document, nodeOf(added.document, id)!);
    const position = { x: onGrid(at.x - width / 2), y: onGrid(at.y - height / 2) };
    const placed = { ...added.document, nodes: added.document.nodes.map((node) => (node.id === id ? { ...node, position } : node)) };
    return wired(editor, placed, id, wiring);
  });
  editor.select({ ...NOTHING, nodes: [id] });
  editor.announce(`Added ${title} ${id}.`);
  return id;
}

/** Add a node where there is room near the middle of what is on the screen. */
export function addInView(editor: Editor, offer: string): string | null {
  const centre = editor.view?.centre() ?? { x: 0, y: 0 };
  const taken = editor.document.nodes.flatMap((node) => (node.position ? [node.position] : []));
  const corner = freePlace({ x: centre.x - 112, y: centre.y - 28 }, taken);
  const added = add(editor, offer, { x: corner.x + 112, y: corner.y + 28 });
  if (added) editor.view?.bring(added);
  return added;
}

function addNoteAt(editor: Editor, at: Position): string {
  let id = "";
  editor.edit((document) => {
    const added = addNote(document, { x: onGrid(at.x - 104), y: onGrid(at.y - 48) });
    id = added.id;
    return added.document;
  });
  editor.select({ ...NOTHING, notes: [id] });
  editor.announce(`Added note ${id}.`);
  return id;
}

function wired(editor: Editor, document: WorkflowDocument, id: string, wiring: Wiring | null): WorkflowDocument {
  switch (wiring?.kind) {
    case "after":
      return connected(editor, document, { source: wiring.source, handle: wiring.handle, target: id });
    case "before":
      return connected(editor, document, { source: id, handle: MAIN, target: wiring.target });
    case "splice":
      return spliced(editor, document, wiring.transition, id);
    default:
      return document;
  }
}

function connected(editor: Editor, document: WorkflowDocument, wish: { source: string; handle: string; target: string }): WorkflowDocument {
  const outcomesOf = outcomesIn(editor.store.get().catalogue);
  const reply = answer(document, wish, outcomesOf);
  if (reply.kind === "refused") {
    editor.tell("error", reply.reason);
    return document;
  }
  if (reply.kind === "move") return retarget(document, reply.transition, { target: wish.target });
  const { kind: _kind, ...way } = reply;
  return connect(document, { source: wish.source, target: wish.target, ...way }).document;
}

/** Draw a connection; one that is refused says why and changes nothing. */
export function draw(editor: Editor, wish: { source: string; handle: string; target: string }): boolean {
  const before = editor.document;
  editor.edit((document) => connected(editor, document, wish));
  if (editor.document === before) return false;
  const last = editor.document.transitions.at(-1);
  if (last) editor.announce(`Connected ${wish.source} to ${wish.target} on ${last.on}.`);
  return true;
}

function spliced(editor: Editor, document: WorkflowDocument, transition: string, id: string): WorkflowDocument {
  const node = nodeOf(document, id);
  const way = transitionOf(document, transition);
  if (!node || !way) return document;
  if (node.type === "END") return retarget(document, transition, { target: id });
  const on = preset(document, node, MAIN, outcomesIn(editor.store.get().catalogue));
  if (on.kind !== "new") return document;
  editor.glide();
  return withRoom(splice(document, transition, id, on.on), id, way);
}

/** Put a node that is there already into the middle of a transition. */
export function spliceInto(editor: Editor, transition: string, id: string): void {
  editor.edit((document) => spliced(editor, document, transition, id));
  editor.announce(`Inserted ${id} into ${transition}.`);
}

function onGrid(value: number): number {
  return Math.round(value / GRID) * GRID;
}
