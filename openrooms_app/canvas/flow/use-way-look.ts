/** What is to be seen of a transition's state, whether it is drawn in full or from afar. */

import { runPaint } from "../state/run-paint.ts";
import { useIsTaken, useMark } from "../state/use-run-paint.ts";
import { useCanvas, useIsSplicing } from "./context.ts";
import type { WayData } from "./derive.ts";

const UNPAINTED = runPaint("none");

export type WayLook = { readonly classes: string; readonly isTaken: boolean; readonly isSplicing: boolean };

export function useWayLook(id: string, { transition: { on }, problems }: WayData, isSelected: boolean): WayLook {
  const { paint, changes } = useCanvas();
  const isSplicing = useIsSplicing(id);
  const isTaken = useIsTaken(paint ?? UNPAINTED, id);
  const mark = useMark(paint ?? UNPAINTED, id);
  const classes = ["oc-way", `oc-way-${on}`, isSelected && "is-selected", isTaken && "is-taken", paint && !isTaken && "is-idle", mark && `is-only-${mark}`, problems.errors > 0 && "has-errors", isSplicing && "is-splicing", changes && `is-${changes.get(id) ?? "same"}`];
  return { classes: classes.filter(Boolean).join(" "), isTaken, isSplicing };
}
