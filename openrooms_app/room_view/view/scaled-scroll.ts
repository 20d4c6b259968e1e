/** Scrolling through more lines than an element can be high: browsers end at some 16 million pixels. */

import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** The highest that what scrolls is made. */
export const HIGHEST = 12_000_000;
/** A move of so many heights of the box or less goes by pixels; a longer one, of the bar, goes by its share of the whole. */
const NEAR = 3;
const REST_MS = 160;

export type Scaled = {
  /** The first pixel in sight, of all that there would be. */
  readonly top: number;
  readonly height: number;
  /** How far what is drawn at pixel `y` of all stands from the top of what scrolls: `y - shift`. */
  readonly shift: number;
  /** How high what scrolls is. */
  readonly inner: number;
  readonly isAtEnd: () => boolean;
  readonly to: (top: number) => void;
  /** What scrolled by itself, or by `to`? */
  readonly onScroll: () => "reader" | "ours";
};

/** `whole`: pixels that all lines would take. */
export function useScaled(box: RefObject<HTMLDivElement | null>, whole: number): Scaled {
  const [view, setView] = useState({ top: 0, bar: 0, height: 400 });
  const now = useRef({ ...view, isOurs: false, rest: undefined as ReturnType<typeof setTimeout> | undefined });
  const inner = Math.min(whole, HIGHEST);
  const show = useCallback((top: number, bar: number, height: number) => {
    Object.assign(now.current, { top, bar, height });
    setView((before) => (before.top === top && before.bar === bar && before.height === height ? before : { top, bar, height }));
  }, []);
  /** Put the bar where it belongs; nothing in sight moves by that. */
  const align = useCallback(() => {
    const { clientHeight, scrollHeight } = box.current!;
    const { top } = now.current;
    const [room, far] = [scrollHeight - clientHeight, whole - clientHeight];
    const bar = whole <= HIGHEST ? top : Math.round((top / Math.max(1, far)) * room);
    if (Math.abs(bar - box.current!.scrollTop) >= 1) {
      now.current.isOurs = true;
      box.current!.scrollTop = bar;
    }
    const { scrollTop } = box.current!; // as the browser has rounded it
    show(whole <= HIGHEST ? scrollTop : top, scrollTop, clientHeight);
  }, [box, whole, show]);
  const to = useCallback((wanted: number) => {
    now.current.top = Math.max(0, Math.min(wanted, whole - box.current!.clientHeight));
    align();
  }, [box, whole, align]);
  const onScroll = useCallback(() => {
    const { scrollTop, clientHeight, scrollHeight } = box.current!;
    const isOurs = now.current.isOurs;
    now.current.isOurs = false;
    if (isOurs && Math.abs(scrollTop - now.current.bar) <= 1) return "ours" as const;
    const [room, far] = [scrollHeight - clientHeight, Math.max(0, whole - clientHeight)];
    const moved = scrollTop - now.current.bar;
    const isShare = whole <= HIGHEST || scrollTop <= 0 || scrollTop >= room || Math.abs(moved) > NEAR * clientHeight;
    const top = whole <= HIGHEST ? scrollTop : isShare ? (scrollTop / Math.max(1, room)) * far : now.current.top + moved;
    show(Math.max(0, Math.min(far, top)), scrollTop, clientHeight);
    clearTimeout(now.current.rest);
    if (whole > HIGHEST) now.current.rest = setTimeout(() => box.current && align(), REST_MS);
    return "reader" as const;
  }, [box, whole, show, align]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => show(now.current.top, box.current!.scrollTop, box.current!.clientHeight));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [box, show]);
  const isAtEnd = useCallback(() => now.current.top + now.current.height >= whole - 12, [whole]);
  return { top: view.top, height: view.height, shift: view.top - view.bar, inner, isAtEnd, to, onScroll };
}
