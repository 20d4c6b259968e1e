/** A hand is never quite still: moved by a few pixels, a press stays a press. */

import { useEffect, type RefObject } from "react";

/** In pixels of the screen; from here on a press is a drag. */
export const STILL = 4;

/**
 * React Flow takes a press that moved by a pixel for neither press nor drag, one on a handle for a connection. With the
 * two distances alike it is always one of them.
 */
export const STEADY = { nodeDragThreshold: STILL, nodeClickDistance: STILL, paneClickDistance: STILL, connectionDragThreshold: STILL };

export type Point = { readonly clientX: number; readonly clientY: number };

export function isStill(pressed: Point | null, now: Point): boolean {
  return pressed !== null && Math.hypot(now.clientX - pressed.clientX, now.clientY - pressed.clientY) <= STILL;
}

/** With Shift held, React Flow begins to select anew at the first pixel: it hears of movements from `STILL` on. */
export function useSteady(surface: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    let pressed: PointerEvent | null = null;
    const press = (event: PointerEvent): void => {
      pressed = surface.current?.contains(event.target as Node) ? event : null;
    };
    const move = (event: PointerEvent): void => {
      if (event.buttons && isStill(pressed, event)) event.stopPropagation();
      else pressed = null;
    };
    window.addEventListener("pointerdown", press, true);
    window.addEventListener("pointermove", move, true);
    return () => {
      window.removeEventListener("pointerdown", press, true);
      window.removeEventListener("pointermove", move, true);
    };
  }, [surface]);
}
