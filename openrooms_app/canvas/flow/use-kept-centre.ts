/** What is in the middle of the drawing stays there when the surface gets another size; what nobody has moved is fitted anew. */

import { useEffect, useRef, type RefObject } from "react";
import { useReactFlow } from "@xyflow/react";
import type { Size } from "../document/card.ts";
import { openingViewport, type Viewport } from "../document/viewport.ts";
import { notesIn, type Drawing } from "./derive.ts";

/** Where the surface gets another width by being turned, and not by what is dragged beside it. */
const IN_HAND = "(pointer: coarse)";

/** Where panels come and go below the drawing, it moves with its `width` alone. `opened` is how it was shown at first. */
export function useKeptCentre(surface: RefObject<HTMLDivElement | null>, drawing: Drawing, opened: Viewport | null, sides: "width" | "both"): void {
  const { getViewport, setViewport } = useReactFlow();
  const latest = useRef(drawing);
  latest.current = drawing;
  /** What was shown last without anybody having asked for another part. */
  const ours = useRef<Viewport | null>(null);
  ours.current ??= opened;
  useEffect(() => {
    let before: Size | null = null;
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      if (!width || !height) return; // out of sight, behind a tab
      const grown = { x: width - (before?.width ?? width), y: sides === "both" ? height - (before?.height ?? height) : 0 };
      before = { width, height };
      if (!grown.x && !grown.y) return;
      const now = getViewport();
      const isOurs = isSame(now, ours.current);
      const isTurned = grown.x !== 0 && matchMedia(IN_HAND).matches;
      const next = isOurs && isTurned ? openingViewport(latest.current.boxes, notesIn(latest.current), { width, height }) : { ...now, x: now.x + grown.x / 2, y: now.y + grown.y / 2 };
      if (isOurs) ours.current = next;
      void setViewport(next);
    });
    watch.observe(surface.current!);
    return () => watch.disconnect();
  }, [surface, sides, getViewport, setViewport]);
}

function isSame(one: Viewport, other: Viewport | null): boolean {
  return other !== null && Math.hypot(one.x - other.x, one.y - other.y) < 1 && Math.abs(one.zoom - other.zoom) < 0.001;
}
