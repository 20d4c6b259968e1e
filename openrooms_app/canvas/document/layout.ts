/** Automatic layout: layers from left to right by dagre, or a place beside its neighbour for a single newcomer. */

import type { Graph } from "@dagrejs/dagre";
import type { Position, WorkflowDocument, WorkflowNode } from "./document.ts";
import { GRID, rowsOf, sizeOf, type Size } from "./card.ts";
import { leaving } from "./document.ts";

const GAP_X = 96;
const GAP_Y = 48;

export function measure(document: WorkflowDocument, node: WorkflowNode): Size {
  return sizeOf(node, rowsOf(node, leaving(document, node.id), true));
}

/** Whether some card has no place yet. */
export function isUnplaced(document: WorkflowDocument): boolean {
  return document.nodes.some((node) => !node.position);
}

/**
 * New places for all nodes, or for those in `only`, which then keep the top left corner of where they were.
 * The layout library is loaded at the first call.
 */
export async function tidied(document: WorkflowDocument, only?: ReadonlySet<string>): Promise<ReadonlyMap<string, Position>> {
  const { Graph: DagreGraph, layout } = await import("@dagrejs/dagre");
  const graph = new DagreGraph({ multigraph: true });
  const nodes = document.nodes.filter((node) => !only || only.has(node.id));
  graph.setGraph({ rankdir: "LR", ranksep: GAP_X, nodesep: GAP_Y, ranker: nodes.length > 300 ? "longest-path" : "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { ...measure(document, node) });
  const names = new Set(nodes.map((node) => node.id));
  document.transitions
    .filter(({ source, target }) => names.has(source) && names.has(target) && source !== target)
    .forEach(({ id, source, target, on }) => graph.setEdge(source, target, { weight: on === "FAILURE" || on === "TIMEOUT" ? 1 : 4 }, id));
  layout(graph);
  return anchored(corners(graph, nodes), only ? nodes : []);
}

function corners(graph: Graph, nodes: readonly WorkflowNode[]): Map<string, Position> {
  return new Map(
    nodes.map((node) => {
      const { x, y, width, height } = graph.node(node.id) as { x: number; y: number; width: number; height: number };
      return [node.id, { x: onGrid(x - width / 2), y: onGrid(y - height / 2) }];
    }),
  );
}

function anchored(places: Map<string, Position>, before: readonly WorkflowNode[]): Map<string, Position> {
  const least = (positions: readonly Position[], axis: "x" | "y"): number => Math.min(...positions.map((place) => place[axis]));
  const old = before.flatMap((node) => (node.position ? [node.position] : []));
  if (!old.length || !places.size) return places;
  const fresh = [...places.values()];
  const shift = { x: least(old, "x") - least(fresh, "x"), y: least(old, "y") - least(fresh, "y") };
  return new Map([...places].map(([id, { x, y }]) => [id, { x: x + shift.x, y: y + shift.y }]));
}

/** The document with every card placed: all anew when none had a place, else newcomers beside what leads to them. */
export async function withPlaces(document: WorkflowDocument): Promise<WorkflowDocument> {
  if (!isUnplaced(document)) return document;
  const isFresh = document.nodes.every((node) => !node.position);
  const places = isFresh ? await tidied(document) : besideNeighbours(document);
  return { ...document, nodes: document.nodes.map((node) => ({ ...node, position: places.get(node.id) ?? node.position ?? { x: 0, y: 0 } })) };
}

function besideNeighbours(document: WorkflowDocument): Map<string, Position> {
  const places = new Map(document.nodes.flatMap((node) => (node.position ? [[node.id, node.position] as const] : [])));
  const before = new Map(document.transitions.map(({ source, target }) => [target, source]));
  let waiting = document.nodes.filter((node) => !node.position);
  while (waiting.length) {
    const next = waiting.find((node) => places.has(before.get(node.id) ?? "")) ?? waiting[0]!;
    const neighbour = places.get(before.get(next.id) ?? "");
    const wished = neighbour ? { x: neighbour.x + 224 + GAP_X, y: neighbour.y } : { x: 0, y: 0 };
    places.set(next.id, freePlace(wished, [...places.values()]));
    waiting = waiting.filter((node) => node !== next);
  }
  return places;
}

/** The first place from `wished` downwards where a card covers no other. */
export function freePlace(wished: Position, taken: readonly Position[]): Position {
  const isFree = (at: Position): boolean => taken.every(({ x, y }) => Math.abs(x - at.x) >= 240 || Math.abs(y - at.y) >= 72);
  let at = { x: onGrid(wished.x), y: onGrid(wished.y) };
  while (!isFree(at)) at = { x: at.x, y: at.y + 2 * GRID };
  return at;
}

function onGrid(value: number): number {
  return Math.round(value / GRID) * GRID;
}
