/** What is in the middle of the drawing stays there when the surface gets another size. */

import { useEffect, type RefObject } from "react";
import { useReactFlow } from "@xyflow/react";
import type { Size } from "../document/card.ts";

/** Where panels come and go below the drawing, it moves with its `width` alone. */
export function useKeptCentre(surface: RefObject<HTMLDivElement | null>, sides: "width" | "both"): void {
  const { getViewport, setViewport } = useReactFlow();
  useEffect(() => {
    let before: Size | null = null;
    const watch = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      if (!width || !height) return; // out of sight, behind a tab
      const grown = { x: width - (before?.width ?? width), y: sides === "both" ? height - (before?.height ?? height) : 0 };
      before = { width, height };
      if (!grown.x && !grown.y) return;
      const { x, y, zoom } = getViewport();
      void setViewport({ x: x + grown.x / 2, y: y + grown.y / 2, zoom });
    });
    watch.observe(surface.current!);
    return () => watch.disconnect();
  }, [surface, sides, getViewport, setViewport]);
}
