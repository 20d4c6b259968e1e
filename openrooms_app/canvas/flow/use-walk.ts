/** A graph that is only watched, walked by keys: from card to card, and what is walked to is pointed at; Enter chooses it. */

import type { KeyboardEvent, RefObject } from "react";
import type { WorkflowDocument } from "../document/document.ts";
import { nodeFrom, type Direction } from "../document/walk.ts";
import { focusPart } from "./focus.ts";

const KEYS: Readonly<Record<string, Direction>> = {
  ArrowRight: "right", ArrowLeft: "left", ArrowUp: "up", ArrowDown: "down", PageDown: "next", PageUp: "previous", Home: "first", End: "last",
};

type Walk = {
  readonly document: WorkflowDocument;
  readonly selected: string | null;
  readonly onPoint: (id: string) => void;
  readonly onSelect: (id: string) => void;
};

/** For React Flow; before its own keys, which would move the cards. */
export function useWalk(surface: RefObject<HTMLDivElement | null>, { document, selected, onPoint, onSelect }: Walk) {
  const onKeyDownCapture = (event: KeyboardEvent): void => {
    const target = event.target as Element;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("button")) return;
    const here = target.closest(".react-flow__node")?.getAttribute("data-id") ?? null;
    const direction = KEYS[event.key];
    const next = direction && nodeFrom(document, here ?? selected, direction);
    const isChosen = event.key === "Enter" && here !== null;
    if (!direction && !isChosen) return;
    event.preventDefault();
    if (isChosen) onSelect(here);
    if (!next) return;
    onPoint(next.id);
    focusPart(surface.current, next);
  };
  return { onKeyDownCapture };
}
