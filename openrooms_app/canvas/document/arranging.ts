/** Cards in line: aligned by an edge or the middle, spread evenly, and the guides that show where a card lies in line. */

import type { Position } from "./document.ts";
import { GRID, MIDDLE, type Size } from "./card.ts";
import type { Box } from "./route.ts";

export type Alignment = "left" | "centre" | "right" | "top" | "middle" | "bottom";
export type Places = ReadonlyMap<string, Position>;

/** New places of boxes that are brought in line with each other; by the outermost edge, or the middle of all. */
export function aligned(boxes: readonly Box[], how: Alignment): Places {
  const left = Math.min(...boxes.map((box) => box.left));
  const right = Math.max(...boxes.map((box) => box.right));
  const top = Math.min(...boxes.map((box) => box.top));
  const bottom = Math.max(...boxes.map((box) => box.bottom));
  const place = (box: Box): Position => {
    const size = sizeOf(box);
    switch (how) {
      case "left":
        return { x: left, y: box.top };
      case "centre":
        return { x: onGrid((left + right - size.width) / 2), y: box.top };
      case "right":
        return { x: right - size.width, y: box.top };
      case "top":
        return { x: box.left, y: top };
      case "middle":
        return { x: box.left, y: onGrid((top + bottom - size.height) / 2) };
      case "bottom":
        return { x: box.left, y: bottom - size.height };
    }
  };
  return new Map(boxes.map((box) => [box.id, place(box)]));
}

/** New places with the same gap between neighbours; the outermost stay. */
export function spread(boxes: readonly Box[], axis: "x" | "y"): Places {
  const [from, to] = axis === "x" ? (["left", "right"] as const) : (["top", "bottom"] as const);
  const ordered = [...boxes].sort((one, other) => one[from] - other[from]);
  const room = Math.max(...ordered.map((box) => box[to])) - (ordered[0]?.[from] ?? 0);
  const filled = ordered.reduce((sum, box) => sum + box[to] - box[from], 0);
  const gap = (room - filled) / Math.max(1, ordered.length - 1);
  let at = ordered[0]?.[from] ?? 0;
  const places = new Map<string, Position>();
  for (const box of ordered) {
    places.set(box.id, axis === "x" ? { x: onGrid(at), y: box.top } : { x: box.left, y: onGrid(at) });
    at += box[to] - box[from] + gap;
  }
  return places;
}

/** A line along which a dragged card and another lie: from one to the other. */
export type Guide = { readonly axis: "x" | "y"; readonly at: number; readonly from: number; readonly to: number };

/** The lines on which `box` lies with others: left, centre and right; top, the middle of the heads, and bottom. */
export function guidesOf(box: Box, others: readonly Box[]): Guide[] {
  const guides = new Map<string, Guide>();
  const note = (axis: "x" | "y", at: number, from: number, to: number): void => {
    const known = guides.get(`${axis}${at}`);
    guides.set(`${axis}${at}`, { axis, at, from: Math.min(from, known?.from ?? from), to: Math.max(to, known?.to ?? to) });
  };
  for (const other of others) {
    if (other.id === box.id) continue;
    for (const x of uprights(box)) {
      if (uprights(other).includes(x)) note("x", x, Math.min(box.top, other.top), Math.max(box.bottom, other.bottom));
    }
    for (const y of levels(box)) {
      if (levels(other).includes(y)) note("y", y, Math.min(box.left, other.left), Math.max(box.right, other.right));
    }
  }
  return [...guides.values()];
}

function uprights({ left, right }: Box): number[] {
  return [left, (left + right) / 2, right];
}

function levels({ top, bottom }: Box): number[] {
  return [...new Set([top, top + MIDDLE, bottom])];
}

function sizeOf({ left, right, top, bottom }: Box): Size {
  return { width: right - left, height: bottom - top };
}

function onGrid(value: number): number {
  return Math.round(value / GRID) * GRID;
}
