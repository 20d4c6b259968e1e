/** Scrolling through more lines than an element can be high: browsers end at some 16 million pixels. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** The highest that what scrolls is made. */
const HIGHEST = 12_000_000;
/** A move of so many heights of the box or less goes by pixels; a longer one, of the bar, goes by its share of the whole. */
const NEAR = 3;
/** Without a move for so long, the bar goes where it belongs. */
const REST_MS = 160;

/** A line to be brought into view once; another object asks again. */
export type Aim = { readonly line: number };

type Asked = {
  readonly lines: number;
  /** The height of a line. */
  readonly row: number;
  /** Stay at the end. */
  readonly isFollowing: boolean;
  /** The last of them that is new counts. */
  readonly aims: readonly (Aim | null)[];
  /** Where the reader has gone. */
  readonly onReader: (isAtEnd: boolean) => void;
};

type View = {
  readonly top: number;
  /** Where the reader has left the bar; null: it is ours to put where it belongs. */
  readonly bar: number | null;
  readonly height: number;
  readonly aims: readonly (Aim | null)[];
  readonly isFollowing: boolean;
};

export type Scaled = {
  /** The first pixel in sight, of all that there would be. */
  readonly top: number;
  readonly height: number;
  /** What would stand at pixel `y` of all stands at `y - shift` of what scrolls. */
  readonly shift: number;
  /** How high what scrolls is. */
  readonly inner: number;
  readonly onScroll: () => void;
};

/** Where things stand is worked out while drawing, so that a page with much in it is laid out once for each move. */
export function useScaled(box: RefObject<HTMLDivElement | null>, { lines, row, isFollowing, aims, onReader }: Asked): Scaled {
  const [view, setView] = useState<View>({ top: 0, bar: null, height: 400, aims: [], isFollowing });
  const whole = lines * row;
  const isScaled = whole > HIGHEST;
  const inner = Math.min(whole, HIGHEST);
  const [far, room] = [Math.max(0, whole - view.height), Math.max(0, inner - view.height)];
  const top = isFollowing ? far : Math.min(view.isFollowing ? far : view.top, far);
  if (isFollowing !== view.isFollowing || aims.some((aim, index) => aim !== view.aims[index])) {
    const aim = aims.findLast((each, index) => each && each !== view.aims[index]);
    setView({ ...view, top: aim ? into(aim.line * row, row, { top, height: view.height }) : top, bar: null, aims, isFollowing });
  }
  const isLeft = !isFollowing && view.bar !== null;
  const bar = isLeft ? view.bar! : isScaled ? Math.round((top / Math.max(1, far)) * room) : top;
  /** What is so at this moment: the reader may have scrolled on since what is drawn. */
  const known = useRef({ top, bar: 0 });
  useLayoutEffect(() => {
    if (isLeft) return; // a move of the reader's is never disturbed
    if (Math.abs(known.current.bar - bar) >= 1) box.current!.scrollTop = bar;
    known.current = { top, bar };
  });
  const onScroll = (): void => {
    const { scrollTop } = box.current!;
    const moved = scrollTop - known.current.bar;
    if (Math.abs(moved) <= 1) return; // our own move has arrived
    const isShare = scrollTop <= 0 || scrollTop >= room || Math.abs(moved) > NEAR * view.height;
    const wanted = !isScaled ? scrollTop : isShare ? (scrollTop / Math.max(1, room)) * far : known.current.top + moved;
    const next = Math.max(0, Math.min(far, wanted));
    known.current = { top: next, bar: scrollTop };
    setView((before) => ({ ...before, top: next, bar: scrollTop, isFollowing: false }));
    onReader(next >= far - row / 2);
  };
  useRest(isLeft && isScaled, view, setView);
  useHeight(box, useCallback((height: number) => setView((before) => (before.height === height ? before : { ...before, height })), []));
  return { top, height: view.height, shift: isScaled ? top - bar : 0, inner, onScroll };
}

/** The top from which a line is in view, moved as little as can be. */
function into(y: number, row: number, { top, height }: Pick<View, "top" | "height">): number {
  return y >= top && y + row <= top + height ? top : Math.max(0, y - height / 2);
}

function useRest(isLeft: boolean, view: View, setView: (change: (before: View) => View) => void): void {
  useEffect(() => {
    if (!isLeft) return;
    const timer = setTimeout(() => setView((before) => ({ ...before, bar: null })), REST_MS);
    return () => clearTimeout(timer);
  }, [isLeft, view, setView]);
}

function useHeight(box: RefObject<HTMLDivElement | null>, onHeight: (height: number) => void): void {
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => onHeight(Math.floor(entry!.contentRect.height)));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [box, onHeight]);
}
