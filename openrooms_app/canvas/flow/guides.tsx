/** The lines that show, while a card is dragged, with which others it lies in line. */

import { ViewportPortal } from "@xyflow/react";
import { guidesOf, type Guide } from "../document/arranging.ts";
import type { Box } from "../document/route.ts";
import { createStore, type Store } from "../state/store.ts";
import { useStore } from "../state/use-store.ts";
import type { FlowNode } from "./derive.ts";

/** Cards further away than this don't count: a line across half the drawing says nothing. */
const NEAR = 900;

export function createGuides(): Store<readonly Guide[]> {
  return createStore<readonly Guide[]>([]);
}

/** The guides of the cards that are dragged, taken as one box. */
export function guidesFor(dragged: readonly FlowNode[], boxes: readonly Box[]): readonly Guide[] {
  const moving = dragged.filter((node) => node.type === "card");
  if (!moving.length) return [];
  const ids = new Set(moving.map((node) => node.id));
  const box = moving.map(boxOf).reduce((one, other) => ({
    id: one.id,
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  }));
  const isNear = (other: Box): boolean =>
    other.right > box.left - NEAR && other.left < box.right + NEAR && other.bottom > box.top - NEAR && other.top < box.bottom + NEAR;
  return guidesOf(box, boxes.filter((other) => !ids.has(other.id) && isNear(other)));
}

function boxOf({ id, position: { x, y }, width = 0, height = 0 }: FlowNode): Box {
  return { id, left: x, top: y, right: x + width, bottom: y + height };
}

export function Guides({ guides }: { readonly guides: Store<readonly Guide[]> }) {
  const shown = useStore(guides, (value) => value);
  if (!shown.length) return null;
  return (
    <ViewportPortal>
      <svg className="oc-guides" width="1" height="1" aria-hidden data-testid="guides">
        {shown.map(({ axis, at, from, to }) => (
          <line key={`${axis}${at}`} {...(axis === "x" ? { x1: at, x2: at, y1: from - 16, y2: to + 16 } : { y1: at, y2: at, x1: from - 16, x2: to + 16 })} />
        ))}
      </svg>
    </ViewportPortal>
  );
}
