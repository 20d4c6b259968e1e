/** From how far a drawing is looked at, and what React Flow need not find out by itself. */

import { useLayoutEffect } from "react";
import { useStore, useStoreApi } from "@xyflow/react";

/** From here on, cards outside of the screen are not kept in the page. */
export const MANY = 120;
/** Below these the words of a card, and its name in large letters, are too small to be read. */
const FAR = 0.4;
const FARTHER = 0.2;

/** `far`: many cards, each with its name alone; `farther`: only where they are and how they go on. */
export type Distance = "near" | "far" | "farther";

export function useDistance(cards: number): Distance {
  const distance = useStore(({ transform: [, , zoom] }): Distance => (zoom >= FAR ? "near" : zoom >= FARTHER ? "far" : "farther"));
  return cards > MANY ? distance : "near";
}

/**
 * React Flow measures each card and its handles in the page when it is first drawn, one forced layout for all of
 * them. Ours come with their measures (`document/card.ts`), and what is zoomed out has no handles to be measured.
 */
export function useKnownMeasures(): void {
  const store = useStoreApi();
  useLayoutEffect(() => store.setState({ updateNodeInternals: () => undefined }), [store]);
}
