/** The way of an edge across the canvas: straight pieces that go around cards instead of under them. */

import type { Position } from "./document.ts";

export type Box = { readonly id: string; readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

export function isSameBox(one: Box, other: Box): boolean {
  return one.id === other.id && one.left === other.left && one.top === other.top && one.right === other.right && one.bottom === other.bottom;
}

/** Where an edge begins and ends. It leaves to the right, or downwards from a tab, and enters from the left. */
export type Ends = {
  readonly from: Position;
  readonly to: Position;
  readonly exit: "right" | "down";
  /** The cards at both ends, where they are now. */
  readonly source: Box;
  readonly target: Box;
  /** Which of its source's ways this is, counted from the top: ways side by side turn at different places. */
  readonly lane: number;
};

/** The cards that an edge may have to go around. */
export type Obstacles = readonly Box[];

const STUB = 16;
const CLEAR = 20;
const LANE = 8;
const PER_BEND = 24;
const PER_CARD = 4_000;
const RADIUS = 10;
/** How many cards, the nearest in height first, offer a channel or a column to turn in. */
const NEAREST = 12;

/** The points of the cheapest way: short, with few bends, and under no card if that can be helped. */
export function route(ends: Ends, cards: Obstacles): readonly Position[] {
  const near = obstaclesNear(ends, cards);
  const plain = plainWay(ends);
  if (plain && cost(plain, near, Infinity) <= leastCost(ends)) return simplified(plain);
  const around = nearest(ends, near);
  const ways = [...(plain ? [plain] : []), ...(ends.exit === "right" ? waysRight(ends, around) : waysDown(ends, around))];
  const walls = within(near, ways);
  let best = ways[0] ?? [ends.from, ends.to];
  let least = Infinity;
  for (const points of ways) {
    const price = cost(points, walls, least);
    if (price < least) [best, least] = [points, price];
  }
  return simplified(best);
}

/** The way that nearly every edge takes; null where it would run back over its own card. */
function plainWay({ from, to, exit, lane }: Ends): Position[] | null {
  const into = to.x - STUB;
  if (exit === "down") return to.y > from.y + STUB && from.x <= into ? [from, { x: from.x, y: to.y }, to] : null;
  if (outOf(from, lane) > into + STUB) return null;
  const turn = to.y > from.y ? -lane * LANE : lane * LANE;
  return stepped(from, clamp((from.x + to.x) / 2 + turn, from.x + STUB, into), to);
}

/** What no way can be cheaper than: most edges take the first one that is tried, and no other is worth a thought. */
function leastCost({ from, to, exit }: Ends): number {
  const corners = exit === "right" ? (from.y === to.y ? 2 : 4) : from.x === to.x ? 2 : 3;
  return corners * PER_BEND + distance(from, to);
}

/** How far to the sides of its ends an edge looks for cards. */
const SIGHT = 80;

/** Whether an edge takes notice of a card there. */
export function sees({ from, to, source, target }: Ends, { left, right }: Box): boolean {
  return right > Math.min(from.x, to.x, source.left) - SIGHT && left < Math.max(from.x, to.x, target.right) + SIGHT;
}

function obstaclesNear(ends: Ends, cards: Obstacles): Box[] {
  const { source, target } = ends;
  const others = cards.filter((box) => sees(ends, box) && box.id !== source.id && box.id !== target.id);
  return source.id === target.id ? [source, ...others] : [source, target, ...others];
}

/** Both ends, and the cards that lie nearest in height. */
function nearest({ from, to, source, target }: Ends, near: readonly Box[]): readonly Box[] {
  const middle = (from.y + to.y) / 2;
  const off = (box: Box): number => (box.id === source.id || box.id === target.id ? -1 : Math.abs((box.top + box.bottom) / 2 - middle));
  return [...near].sort((one, other) => off(one) - off(other)).slice(0, NEAREST);
}

function waysRight({ from, to, lane }: Ends, around: readonly Box[]): Position[][] {
  const out = outOf(from, lane);
  const into = to.x - STUB;
  const turns = columns(around, from, to);
  const ahead = out <= into + STUB ? [into, out, ...turns.filter((x) => x > out && x < into)] : [];
  const ways = ahead.map((x) => stepped(from, x, to));
  for (const y of channels(from, to, around, 0)) {
    for (const x of [into, ...turns]) ways.push([from, { x: out, y: from.y }, { x: out, y }, { x, y }, { x, y: to.y }, to]);
  }
  return ways;
}

/** Where a way that leaves to the right may turn at the earliest. */
function outOf(from: Position, lane: number): number {
  return from.x + STUB + lane * (LANE / 2);
}

/** Level, upright at `x`, level again. */
function stepped(from: Position, x: number, to: Position): Position[] {
  return [from, { x, y: from.y }, { x, y: to.y }, to];
}

function waysDown({ from, to, lane }: Ends, around: readonly Box[]): Position[][] {
  const turns = [to.x - STUB, ...columns(around, from, to)];
  const heights = [from.y + CLEAR + lane * LANE, ...channels(from, to, around, LANE)].filter((y) => y >= from.y + STUB / 2);
  return heights.flatMap((y) => turns.map((x) => [from, { x: from.x, y }, { x, y }, { x, y: to.y }, to]));
}

/** The cards that any of these ways could go through. */
function within(near: readonly Box[], ways: readonly Position[][]): Box[] {
  let [top, bottom] = [Infinity, -Infinity];
  for (const points of ways) {
    for (const { y } of points) [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return near.filter((box) => box.bottom > top && box.top < bottom);
}

/**
 * Heights at which a long edge can pass: between its ends, and just above or below each card on the way.
 * What leaves from a tab keeps `aside` from what leaves to the right, so that the two don't look like one line.
 */
function channels(from: Position, to: Position, around: readonly Box[], aside: number): number[] {
  const heights = new Set<number>([(from.y + to.y) / 2]);
  for (const box of around) {
    heights.add(box.bottom + CLEAR + aside);
    heights.add(box.top - CLEAR - aside);
  }
  return [...heights];
}

/** Gaps beside the cards in which an edge can turn on its way to the target. */
function columns(around: readonly Box[], from: Position, to: Position): number[] {
  const left = Math.min(from.x, to.x) - 2 * CLEAR;
  const gaps = new Set<number>();
  for (const box of around) {
    for (const x of [box.left - CLEAR, box.right + CLEAR]) if (x > left && x < to.x - STUB) gaps.add(x);
  }
  return [...gaps];
}

function cost(points: readonly Position[], near: readonly Box[], giveUpAt: number): number {
  let total = simplified(points).length * PER_BEND;
  for (let index = 1; index < points.length && total < giveUpAt; index += 1) {
    const [one, other] = [points[index - 1]!, points[index]!];
    total += Math.abs(one.x - other.x) + Math.abs(one.y - other.y);
    for (const box of near) if (crosses(one, other, box)) total += PER_CARD;
  }
  return total;
}

/** Whether an upright or level piece goes through a card; running along its border is no crossing. */
export function crosses(one: Position, other: Position, box: Box): boolean {
  const inset = 1;
  return (
    Math.max(one.x, other.x) > box.left + inset &&
    Math.min(one.x, other.x) < box.right - inset &&
    Math.max(one.y, other.y) > box.top + inset &&
    Math.min(one.y, other.y) < box.bottom - inset
  );
}

/** Without repeated points and without points in the middle of a straight piece. */
function simplified(points: readonly Position[]): Position[] {
  const kept: Position[] = [];
  for (const point of points) {
    const [before, last] = [kept.at(-2), kept.at(-1)];
    if (last && last.x === point.x && last.y === point.y) continue;
    const isStraight = before && last && ((before.x === last.x && last.x === point.x) || (before.y === last.y && last.y === point.y));
    if (isStraight) kept.pop();
    kept.push(point);
  }
  return kept;
}

/** The points as an SVG path with rounded corners. */
export function asPath(points: readonly Position[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const parts = [`M${first.x},${first.y}`];
  rest.forEach((point, index) => {
    const [before, after] = [points[index]!, points[index + 2]];
    if (!after) return parts.push(`L${point.x},${point.y}`);
    const radius = Math.min(RADIUS, distance(before, point) / 2, distance(point, after) / 2);
    const enter = towards(point, before, radius);
    const leave = towards(point, after, radius);
    return parts.push(`L${enter.x},${enter.y}`, `Q${point.x},${point.y} ${leave.x},${leave.y}`);
  });
  return parts.join("");
}

/** Where a label goes: the middle of the longest level piece, and how much room there is. */
export function labelPlace(points: readonly Position[]): { readonly at: Position; readonly room: number } {
  let best = { at: points[0] ?? { x: 0, y: 0 }, room: 0 };
  for (let index = 1; index < points.length; index += 1) {
    const [one, other] = [points[index - 1]!, points[index]!];
    const room = one.y === other.y ? Math.abs(one.x - other.x) : 0;
    if (room > best.room) best = { at: { x: (one.x + other.x) / 2, y: one.y }, room };
  }
  return best;
}

function towards(from: Position, to: Position, by: number): Position {
  const length = distance(from, to) || 1;
  return { x: from.x + ((to.x - from.x) / length) * by, y: from.y + ((to.y - from.y) / length) * by };
}

function distance(one: Position, other: Position): number {
  return Math.abs(one.x - other.x) + Math.abs(one.y - other.y);
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
