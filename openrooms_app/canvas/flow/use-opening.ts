/** The part of a drawing that is shown first, once it is known how much room there is. */

import { useLayoutEffect, useState, type RefObject } from "react";
import { openingViewport, type Viewport } from "../document/viewport.ts";
import { notesIn, type Drawing } from "./derive.ts";

export function useOpening(surface: RefObject<HTMLDivElement | null>, drawing: Drawing, isPlaced = true): Viewport | null {
  const [viewport, setViewport] = useState<Viewport | null>(null);
  useLayoutEffect(() => {
    const { width, height } = surface.current!.getBoundingClientRect();
    setViewport((known) => known ?? (isPlaced ? openingViewport(drawing.boxes, notesIn(drawing), { width, height }) : null));
  }, [surface, drawing, isPlaced]);
  return viewport;
}
