/** Automatic layout: layers from left to right by dagre, or a place beside its neighbour for a single newcomer. */

import { leaving, type On, type Position, type Transition, type WorkflowDocument, type WorkflowNode } from "./document.ts";
import { GRID, MIDDLE, rowsOf, sizeOf, type Size } from "./card.ts";

const GAP_X = 72;
const GAP_Y = 40;
/** How far a card moves for the sake of a straight line. */
const LIFT = 96;
/** From here on a layout is taken as it comes: weighing several would take too long. */
const MANY = 300;

type Places = ReadonlyMap<string, Position>;

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
export async function tidied(document: WorkflowDocument, only?: ReadonlySet<string>): Promise<Places> {
  const { Graph, layout } = await import("@dagrejs/dagre");
  const { nodes, ways } = inReadingOrder(document, only);
  const sizes = new Map(nodes.map((node) => [node.id, measure(document, node)]));
  const isLarge = nodes.length > MANY;
  const proposals = (isLarge ? [false] : [false, true]).flatMap((isAsRead) => {
    const graph = new Graph({ multigraph: true });
    graph.setGraph({ rankdir: "LR", ranksep: GAP_X, nodesep: GAP_Y, ranker: isLarge ? "longest-path" : "network-simplex" });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const [id, { width, height }] of sizes) graph.setNode(id, { width, height: 2 * Math.max(MIDDLE, height - MIDDLE) });
    for (const { id, source, target, on } of ways) graph.setEdge(source, target, { weight: isTrouble(on) ? 1 : 4 }, id);
    layout(graph, { disableOptimalOrderHeuristic: isAsRead });
    const places = corners(sizes, (id) => graph.node(id) as Position);
    return isLarge ? [places] : [places, mirrored(places)].map((each) => levelled(each, ways, sizes));
  });
  const best = isLarge ? proposals[0]! : least(proposals, (places) => disorder(places, ways));
  return anchored(straightened(best, ways, sizes), only ? nodes : []);
}

/** dagre centres what it places; here that is the line through the heads of the cards. */
function corners(sizes: ReadonlyMap<string, Size>, centre: (id: string) => Position): Places {
  return new Map(
    [...sizes].map(([id, { width }]) => {
      const { x, y } = centre(id);
      return [id, { x: onGrid(x - width / 2), y: onGrid(y - MIDDLE) }];
    }),
  );
}

/** Upside down: no way crosses more or less, but what was above is below. */
function mirrored(places: Places): Places {
  return new Map([...places].map(([id, { x, y }]) => [id, { x, y: -y }]));
}

/** How far a drawing is from what reads well: ways that cross, siblings out of their order, trouble that leads up. */
function disorder(places: Places, ways: readonly Transition[]): number {
  const ends = ways.map(({ source, target, on }) => ({ from: places.get(source)!, to: places.get(target)!, source, on }));
  let sum = 0;
  ends.forEach((one, index) => {
    if (isTrouble(one.on) && one.to.y < one.from.y) sum += 1;
    for (const other of ends.slice(index + 1)) {
      if (one.source === other.source) sum += Number(one.to.x === other.to.x && one.to.y > other.to.y);
      else if (one.from.x < other.to.x && other.from.x < one.to.x) sum += 2 * Number((one.from.y - other.from.y) * (one.to.y - other.to.y) < 0);
    }
  });
  return sum;
}

/**
 * Where one way alone leads on, all cards before it come to the height of what it leads to; nothing can be in their way
 * there. Ways to what goes wrong, and those that lead back, may take a turn.
 */
function levelled(places: Places, ways: readonly Transition[], sizes: ReadonlyMap<string, Size>): Places {
  const after = new Map(places);
  for (const { source, target, on } of ways) {
    const [from, to] = [after.get(source)!, after.get(target)!];
    const isBefore = (id: string): boolean => after.get(id)!.x + sizes.get(id)!.width <= to.x;
    const across = ways.filter((way) => !isTrouble(way.on) && isBefore(way.source) && !isBefore(way.target));
    if (isTrouble(on) || from.y === to.y || across.length !== 1 || !isBefore(source)) continue;
    for (const [id, { x, y }] of after) if (isBefore(id)) after.set(id, { x, y: y + to.y - from.y });
  }
  return after;
}

/** Where a card can be lifted or lowered a little, so that the first way to it is a straight line, it is. */
function straightened(places: Places, ways: readonly Transition[], sizes: ReadonlyMap<string, Size>): Places {
  const after = new Map(places);
  const settled = new Set<string>();
  for (const { source, target, on } of ways) {
    const [from, to] = [after.get(source)!, after.get(target)!];
    if (settled.has(target) || isTrouble(on) || to.x <= from.x) continue;
    settled.add(target);
    const lifted = { x: to.x, y: from.y };
    if (Math.abs(to.y - from.y) <= LIFT && isClear(target, lifted, after, sizes)) after.set(target, lifted);
  }
  return after;
}

function isClear(id: string, { x, y }: Position, places: Places, sizes: ReadonlyMap<string, Size>): boolean {
  const { width, height } = sizes.get(id)!;
  return [...places].every(([other, at]) => {
    const size = sizes.get(other)!;
    const isApart = x + width <= at.x || at.x + size.width <= x || y + height + GAP_Y / 2 <= at.y || at.y + size.height + GAP_Y / 2 <= y;
    return other === id || isApart;
  });
}

function least<T>(items: readonly T[], price: (item: T) => number): T {
  return items.map((item) => ({ item, cost: price(item) })).reduce((one, other) => (other.cost < one.cost ? other : one)).item;
}

function isTrouble(on: On): boolean {
  return on === "FAILURE" || on === "TIMEOUT";
}

/**
 * Nodes and transitions as one meets them from START on, each node's ways from the top of its card to the bottom:
 * dagre keeps to that order where nothing speaks against it, so ways cross less and trouble comes last.
 */
function inReadingOrder(document: WorkflowDocument, only?: ReadonlySet<string>): { nodes: WorkflowNode[]; ways: Transition[] } {
  const byId = new Map(document.nodes.filter((node) => !only || only.has(node.id)).map((node) => [node.id, node]));
  const out = new Map<string, Transition[]>([...byId.keys()].map((id) => [id, []]));
  for (const way of document.transitions) {
    if (byId.has(way.target) && way.source !== way.target) out.get(way.source)?.push(way);
  }
  for (const ways of out.values()) ways.sort((one, other) => rankOf(one) - rankOf(other));
  const starts = [...byId.values()].sort((one, other) => Number(other.type === "START") - Number(one.type === "START"));
  const nodes: WorkflowNode[] = [];
  const ways: Transition[] = [];
  const waiting = starts.map((node) => node.id).reverse();
  while (waiting.length) {
    const node = byId.get(waiting.pop()!);
    if (!node) continue;
    byId.delete(node.id);
    nodes.push(node);
    const leading = out.get(node.id) ?? [];
    ways.push(...leading);
    waiting.push(...leading.map((way) => way.target).reverse());
  }
  return { nodes, ways };
}

const TROUBLE_RANK = 1e7;

function rankOf({ on, priority = 0 }: Transition): number {
  if (isTrouble(on)) return on === "TIMEOUT" ? TROUBLE_RANK + 1 : TROUBLE_RANK;
  return on === "CONDITION_MET" ? priority : TROUBLE_RANK - 1;
}

function anchored(places: Places, before: readonly WorkflowNode[]): Places {
  const lowest = (positions: readonly Position[], axis: "x" | "y"): number => Math.min(...positions.map((place) => place[axis]));
  const old = before.flatMap((node) => (node.position ? [node.position] : []));
  if (!old.length || !places.size) return places;
  const fresh = [...places.values()];
  const shift = { x: lowest(old, "x") - lowest(fresh, "x"), y: lowest(old, "y") - lowest(fresh, "y") };
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

/**
 * A node that was put into a way stands between its ends, and what follows makes room for it; a way that leads
 * back or steeply down is left as it is.
 */
export function withRoom(document: WorkflowDocument, id: string, { source, target }: Pick<Transition, "source" | "target">): WorkflowDocument {
  const [node, from, to] = [id, source, target].map((each) => document.nodes.find((other) => other.id === each));
  if (!node?.position || !from?.position || !to?.position) return document;
  const left = from.position.x + measure(document, from).width;
  const { width } = measure(document, node);
  const isAhead = to.position.x > left && Math.abs(to.position.y - from.position.y) <= 2 * LIFT;
  if (!isAhead) return document;
  const lack = Math.ceil(Math.max(0, width + 2 * GAP_X - (to.position.x - left)) / GRID) * GRID;
  const following = lack ? aheadOf(document, target, to.position.x) : new Set<string>();
  const x = onGrid(left + (to.position.x + lack - left - width) / 2);
  const y = Math.abs(node.position.y - from.position.y) <= LIFT ? from.position.y : node.position.y;
  const placed = (each: WorkflowNode): WorkflowNode => {
    if (each.id === id) return { ...each, position: { x, y } };
    return each.position && following.has(each.id) ? { ...each, position: { x: each.position.x + lack, y: each.position.y } } : each;
  };
  return { ...document, nodes: document.nodes.map(placed) };
}

/** What a run can come to from a node, as far as it lies at `x` or further right. */
function aheadOf(document: WorkflowDocument, start: string, x: number): ReadonlySet<string> {
  const places = new Map(document.nodes.map((node) => [node.id, node.position]));
  const found = new Set<string>();
  const waiting = [start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id) || (places.get(id)?.x ?? -Infinity) < x) continue;
    found.add(id);
    waiting.push(...leaving(document, id).map((way) => way.target));
  }
  return found;
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
