/** What is on the screen: the document's drawing, with whatever React Flow moves meanwhile, and movements shown as such. */

import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Position } from "../document/document.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { BLANK, drawingOf, type Drawing, type FlowNode as CardNode } from "./derive.ts";

export type SetNodes = (change: (nodes: CardNode[]) => CardNode[]) => void;

const GLIDE_MS = 180;
/** With more cards than this a movement would stutter: they jump. */
const MANY = 250;

export function useDrawing(editor: Editor, isEditable: boolean): [Drawing, SetNodes] {
  const document = useStore(editor.store, (state) => state.history.now);
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  const selection = useStore(editor.store, (state) => state.selection);
  const nodeProblems = useStore(editor.store, (state) => state.nodeProblems);
  const transitionProblems = useStore(editor.store, (state) => state.transitionProblems);
  const scene = useMemo(
    () => ({ document, catalogue, selection, nodeProblems, transitionProblems, isEditable }),
    [document, catalogue, selection, nodeProblems, transitionProblems, isEditable],
  );
  const [drawing, setDrawing] = useState<Drawing>(() => drawingOf(scene, BLANK));
  const shown = useRef(drawing);
  shown.current = drawing;
  useLayoutEffect(() => {
    if (!editor.takeGlide() || !mayGlide(scene.document.nodes.length)) return setDrawing((before) => drawingOf(scene, before));
    return gliding(shown.current, drawingOf(scene, shown.current), setDrawing);
  }, [editor, scene]);
  const setNodes = useCallback<SetNodes>(
    (change) => setDrawing((before) => ({ ...before, nodes: change(before.nodes as CardNode[]) })),
    [],
  );
  return [drawing, setNodes];
}

function mayGlide(cards: number): boolean {
  return cards <= MANY && !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Draw the way from one drawing to the other; the answer goes to the end at once. */
function gliding(from: Drawing, to: Drawing, draw: (drawing: Drawing) => void): () => void {
  const starts = new Map(from.nodes.map((node) => [node.id, node.position]));
  const began = performance.now();
  let frame = 0;
  const step = (): void => {
    const part = Math.min(1, (performance.now() - began) / GLIDE_MS);
    if (part >= 1) return draw(to);
    const eased = 1 - (1 - part) ** 3;
    draw({ ...to, nodes: to.nodes.map((node) => ({ ...node, position: between(starts.get(node.id), node.position, eased) }) as CardNode) });
    frame = requestAnimationFrame(step);
  };
  step();
  return () => cancelAnimationFrame(frame);
}

function between(from: Position | undefined, to: Position, part: number): Position {
  return from ? { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part } : to;
}
