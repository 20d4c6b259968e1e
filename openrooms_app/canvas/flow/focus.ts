/** The drawing is one stop of Tab: its cards and ways are walked by other keys, and stand in the way of nothing behind it. */

import type { FocusEvent } from "react";
import type { Part } from "../document/walk.ts";
import { NOTE } from "./derive.ts";

const PARTS = ".react-flow__node, .react-flow__edge";

/** For React Flow itself. While a part of it has the focus it is no stop, so that Shift+Tab goes out of the drawing. */
export const ONE_STOP = {
  tabIndex: 0,
  onFocus: ({ currentTarget, target }: FocusEvent<HTMLElement>): void => {
    currentTarget.tabIndex = target.closest(PARTS) ? -1 : 0;
  },
  onBlur: ({ currentTarget }: FocusEvent<HTMLElement>): void => {
    currentTarget.tabIndex = 0;
  },
};

/** What screen readers are told at each card and way, of the keys of the editor and of those of a graph that is only watched. */
export const EDITOR_HINTS = hints("Arrow keys go along the ways, Page Down and Page Up through everything, Enter opens the settings.");
export const GRAPH_HINTS = hints("Arrow keys go along the ways, Page Down and Page Up through all nodes, Enter shows what there is to tell.");

function hints(text: string): Record<`${"node" | "edge"}.a11yDescription.${"default" | "keyboardDisabled"}`, string> {
  const names = ["default", "keyboardDisabled"] as const;
  return Object.fromEntries(["node", "edge"].flatMap((part) => names.map((name) => [`${part}.a11yDescription.${name}`, text]))) as ReturnType<typeof hints>;
}

/** Where React Flow keeps what it tells of its nodes, for the whole of this id. */
export function hintsOf(id: string): string {
  return `react-flow__node-desc-${id}`;
}

/** A card that comes into view is in the page a frame later; who went into a field meanwhile stays there. */
export function focusPart(surface: HTMLElement | null, part: Part, tries = 12): void {
  if (document.activeElement?.matches("input, textarea, select") && tries < 12) return;
  const found = surface?.querySelector<HTMLElement | SVGElement>(selectorOf(part));
  if (found) found.focus({ preventScroll: true });
  else if (tries) requestAnimationFrame(() => focusPart(surface, part, tries - 1));
  else surface?.querySelector<HTMLElement>(".react-flow")?.focus({ preventScroll: true }); // from afar no ways are drawn
}

function selectorOf({ kind, id }: Part): string {
  return `.react-flow__${kind === "way" ? "edge" : "node"}[data-id="${CSS.escape(kind === "note" ? NOTE + id : id)}"]`;
}
