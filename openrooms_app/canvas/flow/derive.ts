/** React Flow's nodes and edges out of the document; what did not change keeps its identity, so it is not drawn anew. */

import type { Edge, Node, NodeHandle, Position as Side } from "@xyflow/react";
import { handleOf, IN, knobsOf, MIDDLE, offsetOf, rowsOf, sizeOf, tabsOf, type Knob, type Row, type Size, type Tab } from "../document/card.ts";
import type { Note, Position, Transition, WorkflowDocument, WorkflowNode } from "../document/document.ts";
import type { Selection } from "../document/operations.ts";
import { NONE, type Count } from "../document/problems.ts";
import { isSameBox, type Box, type Ends } from "../document/route.ts";
import { summaryOf, type Summary } from "../document/summary.ts";
import { outcomesIn, toolOf, typeOf, type Catalogue } from "../state/catalogue.ts";

export type CardData = {
  readonly node: WorkflowNode;
  readonly icon: string;
  readonly typeTitle: string;
  readonly rows: readonly Row[];
  readonly tabs: readonly Tab[];
  readonly summary: string;
  readonly isMissing: boolean;
  readonly problems: Count;
};
export type Card = Node<CardData, "card">;
export type NoteCard = Node<{ readonly note: Note }, "note">;
export type FlowNode = Card | NoteCard;

export type WayData = {
  readonly transition: Transition;
  readonly lane: number;
  readonly exit: "right" | "down";
  readonly sourceSize: Size;
  readonly targetSize: Size;
  /** From the top left corner of the source's card to the handle. */
  readonly offset: Position;
  readonly problems: Count;
  readonly label: string;
};
export type Way = Edge<WayData, "way">;

export type Scene = {
  readonly document: WorkflowDocument;
  readonly catalogue: Catalogue;
  readonly selection: Selection;
  readonly nodeProblems: ReadonlyMap<string, Count>;
  readonly transitionProblems: ReadonlyMap<string, Count>;
  readonly isEditable: boolean;
};

/** Cards and ways take the focus from a press or a key: Tab comes to the drawing as a whole. */
const NO_STOP = { tabIndex: -1 };

/** A sticky note among React Flow's nodes, whose ids never hold a colon. */
export const NOTE = "note:";

export type Drawing = {
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly Way[];
  /** Where the cards lie in the document: what edges go around. */
  readonly boxes: readonly Box[];
};

export const BLANK: Drawing = { nodes: [], edges: [], boxes: [] };

/** The drawing of a scene; `before` is the one on the screen now. */
export function drawingOf(scene: Scene, before: Drawing): Drawing {
  const known = new Map(before.nodes.map((node) => [node.id, node]));
  const ways = grouped(scene.document);
  const selected = new Set([...scene.selection.nodes, ...scene.selection.notes.map((id) => NOTE + id)]);
  const cards = scene.document.nodes.map((node) => {
    const data = cardData(node, ways.out.get(node.id) ?? [], ways.into.get(node.id) ?? 0, scene);
    const size = sizeOf(node, data.rows);
    return keptNode<Card>(known.get(node.id), { id: node.id, type: "card", position: node.position ?? { x: 0, y: 0 }, data, ...measured(size), handles: handlesOf(data, size), domAttributes: NO_STOP, selected: selected.has(node.id) });
  });
  const notes = scene.document.notes.map((note) => {
    const size = { width: note.width ?? 208, height: note.height ?? 96 };
    const id = NOTE + note.id;
    return keptNode<NoteCard>(known.get(id), { id, type: "note", position: note.position ?? { x: 0, y: 0 }, data: { note }, ...measured(size), handles: [], domAttributes: NO_STOP, zIndex: -1, selected: selected.has(id) });
  });
  const boxes = cards.map(boxOf);
  const edges = edgesOf(scene, new Map(cards.map((card) => [card.id, card])), before.edges);
  return {
    nodes: kept(before.nodes, [...notes, ...cards], Object.is),
    edges: kept(before.edges, edges, Object.is),
    boxes: kept(before.boxes, boxes, isSameBox),
  };
}

/** The list there was, if it holds the same: React Flow goes through all of a list that is another one. */
function kept<T>(before: readonly T[], fresh: readonly T[], isSame: (one: T, other: T) => boolean): readonly T[] {
  return before.length === fresh.length && fresh.every((each, index) => isSame(before[index]!, each)) ? before : fresh;
}

/** A size that React Flow takes for measured: no card has to be drawn for it, or read back from the page. */
function measured(size: Size): Size & { readonly measured: Size } {
  return { ...size, measured: size };
}

function handlesOf({ node, rows, tabs }: CardData, size: Size): NodeHandle[] {
  return knobsOf(node, size, rows, tabs).map(({ id, side, middle, size: { width, height } }: Knob) => {
    const corner = { x: middle.x - width / 2, y: middle.y - height / 2 };
    return { id, type: id === IN ? "target" : "source", position: side as Side, ...corner, width, height };
  });
}

function boxOf({ id, position: { x, y }, width = 0, height = 0 }: FlowNode): Box {
  return { id, left: x, top: y, right: x + width, bottom: y + height };
}

/** Where the notes lie. */
export function notesIn({ nodes }: Drawing): Box[] {
  return nodes.filter(({ type }) => type === "note").map(boxOf);
}

type Ways = { readonly out: ReadonlyMap<string, readonly Transition[]>; readonly into: ReadonlyMap<string, number> };

function grouped(document: WorkflowDocument): Ways {
  const out = new Map<string, Transition[]>();
  const into = new Map<string, number>();
  for (const transition of document.transitions) {
    const list = out.get(transition.source);
    if (list) list.push(transition);
    else out.set(transition.source, [transition]);
    into.set(transition.target, (into.get(transition.target) ?? 0) + 1);
  }
  for (const list of out.values()) list.sort((one, other) => (one.priority ?? 0) - (other.priority ?? 0));
  return { out, into };
}

function cardData(node: WorkflowNode, ways: readonly Transition[], comingIn: number, scene: Scene): CardData {
  const { catalogue, document, isEditable } = scene;
  const type = typeOf(catalogue, node.type);
  const summary: Summary = summaryOf(node, { document, comingIn, goingOut: ways.length, toolTitle: (name) => toolOf(catalogue, name)?.title });
  return {
    node,
    icon: type?.icon ?? "box",
    typeTitle: type?.title ?? node.type,
    rows: rowsOf(node, ways, isEditable),
    tabs: tabsOf(ways, outcomesIn(catalogue)(node.type), isEditable),
    summary: summary.text,
    isMissing: summary.isMissing ?? false,
    problems: scene.nodeProblems.get(node.id) ?? NONE,
  };
}

function edgesOf(scene: Scene, cards: ReadonlyMap<string, Card>, before: readonly Way[]): Way[] {
  const known = new Map(before.map((edge) => [edge.id, edge]));
  const selected = new Set(scene.selection.transitions);
  return scene.document.transitions.flatMap((transition) => {
    const [source, target] = [cards.get(transition.source), cards.get(transition.target)];
    if (!source || !target) return [];
    const handle = handleOf(transition, source.data.node);
    const data = wayData(transition, handle, source, target);
    const problems = scene.transitionProblems.get(transition.id) ?? NONE;
    const ends = { source: source.id, sourceHandle: handle, target: target.id, targetHandle: IN };
    return [keptEdge(known.get(transition.id), { id: transition.id, type: "way", ...ends, domAttributes: NO_STOP, data: { ...data, problems }, selected: selected.has(transition.id) })];
  });
}

function wayData(transition: Transition, handle: string, source: Card, target: Card): Omit<WayData, "problems"> {
  const { node, rows, tabs } = source.data;
  const sourceSize = { width: source.width ?? 0, height: source.height ?? 0 };
  const isDown = handle === "FAILURE" || handle === "TIMEOUT";
  return {
    transition,
    lane: Math.max(0, isDown ? tabs.findIndex((tab) => tab.on === handle) : rows.findIndex((row) => row.handle === handle)),
    exit: isDown ? "down" : "right",
    sourceSize,
    targetSize: { width: target.width ?? 0, height: target.height ?? 0 },
    offset: offsetOf(handle, sourceSize, rows, tabs),
    label: labelOf(transition, node),
  };
}

/** The ends of an edge between two points, with the cards that are there. */
export function endsOf({ source, target }: { readonly source: string; readonly target: string }, data: WayData, from: Position, to: Position): Ends {
  const { lane, exit, offset, sourceSize, targetSize } = data;
  const at = (id: string, left: number, top: number, { width, height }: Size): Box => ({ id, left, top, right: left + width, bottom: top + height });
  return { from, to, exit, lane, source: at(source, from.x - offset.x, from.y - offset.y, sourceSize), target: at(target, to.x, to.y - MIDDLE, targetSize) };
}

/** What an edge says of itself; empty where the card it leaves says it already. */
function labelOf(transition: Transition, source: WorkflowNode): string {
  if (source.type === "DECISION" && transition.on === "CONDITION_MET") return "";
  if (transition.name) return transition.name;
  if (source.type === "DECISION" || source.type === "START" || source.type === "PARALLEL") return "";
  if (transition.on === "CONDITION_MET") return transition.when || "when …";
  return transition.on === "ALWAYS" ? "always" : "";
}

function keptNode<T extends FlowNode>(old: FlowNode | undefined, fresh: T): T {
  if (old?.type !== fresh.type) return fresh;
  const data = isAlike(old.data, fresh.data) ? old.data : fresh.data;
  const isSame =
    data === old.data && old.selected === fresh.selected && old.width === fresh.width && old.height === fresh.height &&
    old.position.x === fresh.position.x && old.position.y === fresh.position.y;
  return isSame ? (old as T) : ({ ...old, ...fresh, data } as T);
}

function keptEdge(old: Way | undefined, fresh: Way): Way {
  if (!old) return fresh;
  const data = isAlike(old.data!, fresh.data!) ? old.data! : fresh.data!;
  const isSame =
    data === old.data && old.selected === fresh.selected && old.source === fresh.source && old.target === fresh.target && old.sourceHandle === fresh.sourceHandle;
  return isSame ? old : { ...fresh, data };
}

/** Equal one level deep; lists and small records inside are compared by what they hold. */
function isAlike(one: object, other: object): boolean {
  return Object.entries(other).every(([key, value]) => {
    const was = (one as Record<string, unknown>)[key];
    if (was === value) return true;
    if (typeof value !== "object" || value === null || key === "node" || key === "transition" || key === "note") return false;
    return JSON.stringify(was) === JSON.stringify(value);
  });
}
