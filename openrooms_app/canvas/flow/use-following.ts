/** Brings nodes into view: where the run is, until the reader moves the view, and what the reader points at. */

import { useCallback, useEffect, useState, type RefObject } from "react";
import { useReactFlow } from "@xyflow/react";
import type { Size } from "../document/card.ts";
import type { Box } from "../document/route.ts";
import { revealing } from "../document/viewport.ts";
import { FRONT, type RunPaint } from "../state/run-paint.ts";

/** A run may go faster than eyes: the view moves this often at most. */
const REST_MS = 400;
const MOVE_MS = 180;

export type Reveal = (ids: readonly string[]) => void;
export type Following = { readonly isOn: boolean; readonly set: (isOn: boolean) => void };

export function useReveal(surface: RefObject<HTMLDivElement | null>, boxes: readonly Box[]): Reveal {
  const { getViewport, setViewport } = useReactFlow();
  return useCallback(
    (ids) => {
      const room = surface.current ? roomIn(surface.current) : { width: 0, height: 0 };
      const wanted = ids.flatMap((id) => boxes.find((box) => box.id === id) ?? []);
      const next = revealing(wanted, boxes, getViewport(), room);
      const isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (next) void setViewport(next, { duration: isStill ? 0 : MOVE_MS });
    },
    [surface, boxes, getViewport, setViewport],
  );
}

/** What of the surface is to be seen: on a narrow screen the inspector comes up over the lower part of it. */
function roomIn(surface: HTMLElement): Size {
  const { left, top, width, height } = surface.getBoundingClientRect();
  const sheet = document.querySelector(".oi-inspector.is-open")?.getBoundingClientRect();
  const isCovered = sheet !== undefined && sheet.left <= left && sheet.top > top;
  return { width, height: isCovered ? Math.min(height, sheet.top - top) : height };
}

export function useFollowing(paint: RunPaint, reveal: Reveal): Following {
  const [isOn, setOn] = useState(true);
  useEffect(() => {
    if (!isOn) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const now = (): void => {
      timer = undefined;
      reveal(paint.front);
    };
    const later = (): void => {
      timer ??= setTimeout(now, REST_MS);
    };
    if (!paint.isOver) later();
    const unwatch = paint.watch(FRONT, later);
    return () => {
      unwatch();
      clearTimeout(timer);
    };
  }, [isOn, paint, reveal]);
  return { isOn, set: setOn };
}
