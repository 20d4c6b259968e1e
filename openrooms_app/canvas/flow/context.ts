/** What cards and edges share on one canvas: whose it is, whether it may be changed, what is painted on it. */

import { createContext, useContext } from "react";
import type { Looked } from "../document/dataflow.ts";
import type { JsonObject } from "../document/document.ts";
import type { Change } from "../document/difference.ts";
import type { Editor } from "../state/editor.ts";
import type { LastRun } from "../state/last-run.ts";
import type { RunPaint } from "../state/run-paint.ts";
import { createStore, type Store } from "../state/store.ts";
import { useStore } from "../state/use-store.ts";

export type CanvasFacts = {
  /** Whether cards are so small and so many that only their outlines are drawn. */
  readonly isFar: boolean;
  readonly editor: Editor | null;
  readonly paint: RunPaint | null;
  /** How nodes and transitions differ from those of another document, by id. */
  readonly changes?: ReadonlyMap<string, Change>;
};

export const CanvasContext = createContext<CanvasFacts>({ isFar: false, editor: null, paint: null });

export function useCanvas(): CanvasFacts {
  return useContext(CanvasContext);
}

const NO_WAY: Store<string | null> = createStore<string | null>(null);
const NO_LENS: Editor["lens"] = createStore<ReadonlyMap<string, Looked> | null>(null);
const NO_RUN: Store<LastRun | null> = createStore<LastRun | null>(null);

/** Whether what is dragged would be put into this transition. */
export function useIsSplicing(id: string): boolean {
  const { editor } = useCanvas();
  return useStore(editor?.splicing ?? NO_WAY, (way) => way === id);
}

/** What the data lens says of a node; undefined while it is off. */
export function useLensOf(id: string): Looked | undefined {
  const { editor } = useCanvas();
  return useStore(editor?.lens ?? NO_LENS, (lens) => lens?.get(id));
}

const NO_PINS: Store<JsonObject> = createStore<JsonObject>({});

export function useIsPinned(id: string): boolean {
  const { editor } = useCanvas();
  return useStore(editor?.pins.store ?? NO_PINS, (pins) => Object.hasOwn(pins, id));
}

/** How the last run left a node. */
export function useLastStep(id: string) {
  const { editor } = useCanvas();
  return useStore(editor?.runs.latest ?? NO_RUN, (run) => run?.steps.get(id));
}
