/** The part of a drawing that is shown first, once it is known how much room there is. */

import { useLayoutEffect, useState, type RefObject } from "react";
import type { Box } from "../document/route.ts";
import { openingViewport, type Viewport } from "../document/viewport.ts";

export function useOpening(surface: RefObject<HTMLDivElement | null>, boxes: readonly Box[], isPlaced = true): Viewport | null {
  const [viewport, setViewport] = useState<Viewport | null>(null);
  useLayoutEffect(() => {
    const { width, height } = surface.current!.getBoundingClientRect();
    setViewport((known) => known ?? (isPlaced ? openingViewport(boxes, { width, height }) : null));
  }, [surface, boxes, isPlaced]);
  return viewport;
}
