/** What cards and edges share on one canvas: whose it is, whether it may be changed, what is painted on it. */

import { createContext, useContext } from "react";
import type { Obstacles } from "../document/route.ts";
import type { Editor } from "../state/editor.ts";
import type { RunPaint } from "../state/run-paint.ts";

export type CanvasFacts = { readonly editor: Editor | null; readonly paint: RunPaint | null };

export const CanvasContext = createContext<CanvasFacts>({ editor: null, paint: null });
export const ObstaclesContext = createContext<Obstacles>([]);

export function useCanvas(): CanvasFacts {
  return useContext(CanvasContext);
}
