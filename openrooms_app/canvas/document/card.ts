/** The measure of a card: its size and its handles follow from the document alone, so nothing waits for the DOM. */

import type { On, Outcome, Position, Transition, WorkflowNode } from "./document.ts";
import { MAIN, WAY } from "./connecting.ts";

export const GRID = 8;
const WIDTH = 216;
/** The height of a card's head. Lines enter and leave at its middle, so cards in a row join by straight lines. */
const HEAD = 48;
export const MIDDLE = HEAD / 2;
/** The handle through which all ways come in. */
export const IN = "in";
const ROW = 24;

export type Size = { readonly width: number; readonly height: number };

/** A line on the card of a DECISION: a condition in its order, a place for another one, the otherwise. */
export type Row = { readonly handle: string; readonly kind: "condition" | "add" | "otherwise"; readonly way?: Transition };

/** A handle below a card, for what goes wrong there. */
export type Tab = { readonly on: On; readonly isUsed: boolean };

export function sizeOf(node: WorkflowNode, rows: readonly Row[]): Size {
  switch (node.type) {
    case "START":
    case "END":
      return { width: 168, height: HEAD };
    case "PARALLEL":
      return { width: 176, height: HEAD };
    case "DECISION":
      return { width: WIDTH, height: HEAD + rows.length * ROW + GRID };
    default:
      return { width: WIDTH, height: HEAD };
  }
}

/** The rows of a DECISION; none for other types. `isEditable` adds the place to draw one more condition. */
export function rowsOf(node: WorkflowNode, ways: readonly Transition[], isEditable: boolean): readonly Row[] {
  if (node.type !== "DECISION") return [];
  const conditions = ways.filter((way) => way.on === "CONDITION_MET");
  const otherwise = ways.find((way) => way.on === "ALWAYS" || way.on === "SUCCESS");
  return [
    ...conditions.map((way): Row => ({ handle: `${WAY}${way.id}`, kind: "condition", way })),
    ...(isEditable ? [{ handle: "CONDITION_MET", kind: "add" } as const] : []),
    { handle: "ALWAYS", kind: "otherwise", ...(otherwise ? { way: otherwise } : {}) },
  ];
}

/** Where on the right edge a row's handle sits, from the card's top. */
export function rowMiddle(index: number): number {
  return HEAD + index * ROW + ROW / 2;
}

/** The tabs of a card: what its type can end with besides success, and whatever has been drawn. */
export function tabsOf(ways: readonly Transition[], outcomes: readonly Outcome[], isEditable: boolean): readonly Tab[] {
  const drawn = new Set<On>(ways.map((way) => way.on));
  return (["FAILURE", "TIMEOUT"] as const)
    .filter((on) => drawn.has(on) || (isEditable && outcomes.includes(on)))
    .map((on) => ({ on, isUsed: drawn.has(on) }));
}

/** Where on the bottom edge a tab sits, from the card's left. */
export function tabMiddle(index: number, width: number): number {
  return width - 40 - index * 68;
}

/** How far a tab hangs below its card. */
const TAB_DROP = 9;

/** From the top left corner of a card to one of its handles on the way out. */
export function offsetOf(handle: string, size: Size, rows: readonly Row[], tabs: readonly Tab[]): Position {
  const tab = tabs.findIndex((each) => each.on === handle);
  if (tab >= 0) return { x: tabMiddle(tab, size.width), y: size.height + TAB_DROP };
  const row = rows.findIndex((each) => each.handle === handle);
  return { x: size.width, y: row < 0 ? MIDDLE : rowMiddle(row) };
}

/** A handle as a card shows it: its middle, from the card's top left corner, and how large it is. */
export type Knob = { readonly id: string; readonly side: "left" | "right" | "bottom"; readonly middle: Position; readonly size: Size };

const INTO: Size = { width: 8, height: 16 };
const OUT: Size = { width: 12, height: 12 };
const TAB: Size = { width: 44, height: 16 };
const BORDER = 1;

/** All handles of a card, where canvas.css draws them. */
export function knobsOf(node: WorkflowNode, size: Size, rows: readonly Row[], tabs: readonly Tab[]): readonly Knob[] {
  const right = (id: string, y: number): Knob => ({ id, side: "right", middle: { x: size.width - BORDER, y }, size: OUT });
  const ways = rows.length ? rows.map(({ handle }, index) => right(handle, rowMiddle(index))) : node.type === "END" ? [] : [right(MAIN, MIDDLE)];
  const bottom = tabs.map(({ on }, index): Knob => {
    const middle = { x: tabMiddle(index, size.width) + BORDER, y: size.height - BORDER + TAB_DROP - TAB.height / 2 };
    return { id: on, side: "bottom", middle, size: TAB };
  });
  const into: Knob = { id: IN, side: "left", middle: { x: BORDER, y: MIDDLE }, size: INTO };
  return node.type === "START" ? [...ways, ...bottom] : [into, ...ways, ...bottom];
}

/** The handle that a drawn transition leaves from. */
export function handleOf(transition: Transition, source: WorkflowNode | undefined): string {
  if (transition.on === "FAILURE" || transition.on === "TIMEOUT") return transition.on;
  if (source?.type !== "DECISION") return MAIN;
  return transition.on === "CONDITION_MET" ? `${WAY}${transition.id}` : "ALWAYS";
}
