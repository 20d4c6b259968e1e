/** What the drawing surface lets the rest of the editor ask of it: where the middle is, what to bring into view. */

import { useEffect, useRef, type RefObject } from "react";
import { flushSync } from "react-dom";
import { useReactFlow } from "@xyflow/react";
import { transitionOf, type Position, type WorkflowDocument } from "../document/document.ts";
import { freePlace } from "../document/layout.ts";
import type { Box } from "../document/route.ts";
import type { Part } from "../document/walk.ts";
import type { Editor, View, Wiring } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import type { FlowNode as CardNode, Way } from "./derive.ts";
import { focusPart } from "./focus.ts";
import { useReveal, type Reveal } from "./use-following.ts";

export const FIT = { padding: 0.12, maxZoom: 1, duration: 180 };
const GAP = 72;
const HALF = { x: 108, y: 24 };

export function useView(editor: Editor, surface: RefObject<HTMLDivElement | null>, boxes: readonly Box[]): void {
  const flow = useReactFlow<CardNode, Way>();
  const reveal = useReveal(surface, boxes);
  const pointer = usePointer(surface);
  const latest = useRef({ reveal, boxes });
  latest.current = { reveal, boxes };
  useAboveSheet(editor, surface, latest);
  useEffect(() => {
    const screenCentre = (): Position => {
      const { left, top, width, height } = surface.current!.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    };
    const placeFor = (wiring: Wiring | null): ReturnType<View["placeFor"]> => {
      const at = placeAt(wiring, editor, latest.current.boxes);
      if (at) return { at, screen: flow.flowToScreenPosition(at) };
      if (pointer.current) return { at: flow.screenToFlowPosition(pointer.current), screen: pointer.current };
      const free = freeNear(flow.screenToFlowPosition(screenCentre()), latest.current.boxes);
      return { at: free, screen: flow.flowToScreenPosition(free) };
    };
    editor.view = {
      screenCentre,
      centre: () => flow.screenToFlowPosition(screenCentre()),
      placeFor,
      fit: () => void flow.fitView(FIT),
      show: (ids) => {
        const shown = flow.fitView({ nodes: ids.map((id) => ({ id })), maxZoom: Math.max(0.8, flow.getZoom()), minZoom: 0.6, duration: 180 });
        // In the middle it would lie under the sheet.
        void shown.then(() => surface.current && surface.current.clientWidth <= NARROW && latest.current.reveal(ids));
      },
      bring: (id) => void requestAnimationFrame(() => latest.current.reveal([id])),
      reveal: (part) => {
        latest.current.reveal(boxesOf(part, editor.document));
        focusPart(surface.current, part);
      },
      openSettings: focusSettings,
      actualSize: () => void flow.zoomTo(1, { duration: 180 }),
    };
    return () => {
      editor.view = null;
    };
  }, [editor, flow, surface, pointer]);
}

/** Wide screens have the inspector beside the drawing, narrow ones over it. */
const NARROW = 640;

/** On a narrow screen what was touched stays in view above the sheet that tells of it. */
function useAboveSheet(editor: Editor, surface: RefObject<HTMLDivElement | null>, latest: RefObject<{ readonly reveal: Reveal }>): void {
  const only = useStore(editor.store, ({ selection: { nodes } }) => (nodes.length === 1 ? nodes[0] : undefined));
  useEffect(() => {
    if (!only || surface.current!.clientWidth > NARROW) return;
    const frame = requestAnimationFrame(() => {
      const isDragged = surface.current?.querySelector(".react-flow__node.dragging");
      if (!isDragged) latest.current.reveal([only]);
    });
    return () => cancelAnimationFrame(frame);
  }, [only, surface, latest]);
}

/** The middle of a card that is wired so: right of what it follows, between what it parts. */
function placeAt(wiring: Wiring | null, editor: Editor, boxes: readonly Box[]): Position | null {
  const boxOf = (id: string | undefined): Box | undefined => boxes.find((box) => box.id === id);
  if (wiring?.kind === "after") {
    const box = boxOf(wiring.source);
    if (!box) return null;
    return freeNear({ x: box.right + GAP + HALF.x, y: box.top + HALF.y }, boxes);
  }
  if (wiring?.kind !== "splice") return null;
  const way = editor.document.transitions.find(({ id }) => id === wiring.transition);
  const [from, to] = [boxOf(way?.source), boxOf(way?.target)];
  return from && to ? { x: (from.right + to.left) / 2, y: (from.top + to.top) / 2 + HALF.y } : null;
}

/** The middle of a card that covers no other. */
function freeNear({ x, y }: Position, boxes: readonly Box[]): Position {
  const corner = freePlace({ x: x - HALF.x, y: y - HALF.y }, boxes.map(({ left, top }) => ({ x: left, y: top })));
  return { x: corner.x + HALF.x, y: corner.y + HALF.y };
}

/** At once, and not with the next frame: a quick hand goes on typing, and none of its letters may go to the canvas. */
function focusSettings(isRename: boolean): void {
  flushSync(() => undefined);
  const field = document.querySelector<HTMLInputElement>(".oi-inspector :is(input, textarea, select)");
  field?.focus();
  if (isRename) field?.select?.();
}

/** The cards by which a part is brought into view. */
function boxesOf({ kind, id }: Part, document: WorkflowDocument): string[] {
  if (kind === "node") return [id];
  const way = transitionOf(document, id);
  return way ? [way.source, way.target] : [];
}

/** Where the pointer is over the canvas, on the screen; null when it is elsewhere. */
function usePointer(surface: RefObject<HTMLDivElement | null>): RefObject<Position | null> {
  const at = useRef<Position | null>(null);
  useEffect(() => {
    const canvas = surface.current;
    const move = (event: PointerEvent): void => {
      at.current = { x: event.clientX, y: event.clientY };
    };
    const leave = (): void => {
      at.current = null;
    };
    canvas?.addEventListener("pointermove", move);
    canvas?.addEventListener("pointerleave", leave);
    return () => {
      canvas?.removeEventListener("pointermove", move);
      canvas?.removeEventListener("pointerleave", leave);
    };
  }, [surface]);
  return at;
}
