/** What part of a drawing is shown when it is opened: all of it where it stays readable, else where a run begins. */

import type { Size } from "./card.ts";
import type { Box } from "./route.ts";

export type Viewport = { readonly x: number; readonly y: number; readonly zoom: number };

const PADDING = 48;
/** Below this zoom the words on a card are hard to read. */
const READABLE = 0.8;
/** As long as that is not far below, to see all of a drawing is worth it. */
const LEGIBLE = 0.65;
const TIGHT = 24;

/** Notes are shown with the cards where all of that stays legible. */
export function openingViewport(cards: readonly Box[], notes: readonly Box[], screen: Size): Viewport {
  if (!cards.length || !screen.width || !screen.height) return { x: 0, y: 0, zoom: 1 };
  return fittedTo([...cards, ...notes], screen) ?? fittedTo(cards, screen) ?? beginning(cards, screen);
}

/** All of these in the middle; null where they would be too small. */
function fittedTo(boxes: readonly Box[], screen: Size): Viewport | null {
  const all = boxes.reduce(around);
  const [width, height] = [all.right - all.left, all.bottom - all.top];
  const fitsIn = (padding: number): number => Math.min(1, (screen.width - 2 * padding) / width, (screen.height - 2 * padding) / height);
  const fitting = fitsIn(PADDING) >= READABLE ? fitsIn(PADDING) : Math.min(READABLE, fitsIn(TIGHT));
  return fitting < LEGIBLE ? null : centred({ x: (all.left + all.right) / 2, y: (all.top + all.bottom) / 2 }, fitting, screen);
}

function beginning(cards: readonly Box[], screen: Size): Viewport {
  const start = cards.reduce((one, other) => (other.left < one.left ? other : one));
  const y = screen.height / 2 - ((start.top + start.bottom) / 2) * READABLE;
  return { x: PADDING - start.left * READABLE, y, zoom: READABLE };
}

function centred(middle: { readonly x: number; readonly y: number }, zoom: number, screen: Size): Viewport {
  return { x: screen.width / 2 - middle.x * zoom, y: screen.height / 2 - middle.y * zoom, zoom };
}

function around(one: Box, other: Box): Box {
  return {
    id: one.id,
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

/** What a card that is moved into view keeps from the edge. */
const MARGIN = 24;

/**
 * The same view moved so that all of `wanted` are seen whole, the first where all don't fit and none is; null where
 * nothing has to move. What comes from out of sight stands near the left edge, as what follows it lies to its right,
 * unless nothing of `cards` does; what stands beside something in sight moves it as little as can be.
 */
export function revealing(wanted: readonly Box[], cards: readonly Box[], view: Viewport, screen: Size): Viewport | null {
  const [first] = wanted;
  const isSeen = (box: Box): boolean => {
    const [left, right] = [box.left * view.zoom + view.x, box.right * view.zoom + view.x];
    const [top, bottom] = [box.top * view.zoom + view.y, box.bottom * view.zoom + view.y];
    return left >= 0 && top >= 0 && right <= screen.width && bottom <= screen.height;
  };
  if (!first || !screen.width || !screen.height || wanted.every(isSeen)) return null;
  const { zoom } = view;
  const all = wanted.reduce(around);
  const isFitting = (all.right - all.left) * zoom <= screen.width - 2 * MARGIN && (all.bottom - all.top) * zoom <= screen.height - 2 * MARGIN;
  if (wanted.some(isSeen)) {
    if (!isFitting) return null;
    return { x: nudged(view.x, all.left * zoom, all.right * zoom, screen.width), y: nudged(view.y, all.top * zoom, all.bottom * zoom, screen.height), zoom };
  }
  const one = isFitting ? all : first;
  const middle = { x: (one.left + one.right) / 2, y: (one.top + one.bottom) / 2 };
  const nearLeft = Math.min(screen.width / 2, PADDING + (one.right - one.left) * zoom) - middle.x * zoom;
  const atTheEnd = screen.width - PADDING - Math.max(...cards.map((card) => card.right)) * zoom;
  return { x: Math.max(nearLeft, atTheEnd), y: screen.height / 2 - middle.y * zoom, zoom };
}

/** The offset at which what lies from `start` to `end` is within the screen, moved as little as can be. */
function nudged(offset: number, start: number, end: number, size: number): number {
  return Math.min(Math.max(offset, MARGIN - start), size - MARGIN - end);
}
