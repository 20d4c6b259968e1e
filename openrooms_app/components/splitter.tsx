/**
 * The line between two parts of a page: a window splitter as WAI-ARIA has it, dragged or moved by the arrow keys; Home and End
 * go to the ends, Enter and a double click to the usual place. What was chosen is kept in this browser.
 */

import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

export type Bounds = { readonly least: number; readonly most: number; readonly usual: number };
/** The size, and how to change it: null is the usual one. */
export type Sized = readonly [size: number, setSize: (size: number | null) => void];

/** What is chosen stays as it was, where a smaller window has no room for it. */
export function useSize(name: string, { least, most, usual }: Bounds): Sized {
  const [chosen, setChosen] = useState(() => kept(name));
  const fitting = (size: number): number => Math.round(Math.min(most, Math.max(least, size)) * 10) / 10;
  const set = (size: number | null): void => {
    const next = size === null ? null : fitting(size);
    setChosen(next);
    keep(name, next);
  };
  return [fitting(chosen ?? usual), set];
}

type Props = {
  readonly label: string;
  readonly controls: string;
  readonly orientation: "vertical" | "horizontal";
  readonly sized: Sized;
  readonly bounds: Bounds;
  readonly step: number;
  /** By how much the size grows with a pixel to the right, or downwards. */
  readonly growth: (separator: HTMLElement) => number;
  readonly className?: string;
};

/** A line of one pixel in the middle of what the hand can take. */
const LOOK = "relative z-20 shrink-0 touch-none select-none before:absolute before:bg-line hover:before:bg-accent active:before:bg-accent focus-visible:before:bg-accent-ink focus-visible:-outline-offset-4!";
const LOOKS = { vertical: "-mx-1 w-[9px] cursor-col-resize before:inset-y-0 before:left-1 before:w-px", horizontal: "-my-1 h-[9px] cursor-row-resize before:inset-x-0 before:top-1 before:h-px" };
const KEYS: Readonly<Record<Props["orientation"], Readonly<Record<string, number>>>> = {
  vertical: { ArrowLeft: -1, ArrowRight: 1 },
  horizontal: { ArrowUp: -1, ArrowDown: 1 },
};

export function Splitter({ label, controls, orientation, sized: [size, setSize], bounds: { least, most }, step, growth, className = "" }: Props) {
  const grip = useRef<{ readonly at: number; readonly size: number; readonly growth: number } | null>(null);
  const placeOf = ({ clientX, clientY }: PointerEvent): number => (orientation === "vertical" ? clientX : clientY);
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    grip.current = { at: placeOf(event), size, growth: growth(event.currentTarget) };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    const held = grip.current;
    const moved = held && placeOf(event) - held.at;
    if (held && moved) setSize(held.size + moved * held.growth);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const side = KEYS[orientation][event.key];
    const goal = side ? size + side * step * Math.sign(growth(event.currentTarget)) : { Home: least, End: most, Enter: null }[event.key];
    if (goal === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    setSize(goal);
  };
  const letGo = (): void => {
    grip.current = null;
  };
  return (
    <div role="separator" aria-orientation={orientation} aria-label={label} aria-controls={controls} aria-valuenow={Math.round(size)} aria-valuemin={least} aria-valuemax={most}
      tabIndex={0} title="Drag, or double-click for the usual size" onPointerDown={onPointerDown} onPointerMove={onPointerMove} onLostPointerCapture={letGo} onKeyDown={onKeyDown} onDoubleClick={() => setSize(null)}
      className={`${LOOK} ${LOOKS[orientation]} ${className}`} />
  );
}

const placeOfName = (name: string): string => `openrooms.split.${name}`;

function kept(name: string): number | null {
  const text = localStorage.getItem(placeOfName(name));
  return text === null || !Number.isFinite(Number(text)) ? null : Number(text);
}

/** A storage that is full keeps nothing; the page goes on with what was chosen. */
function keep(name: string, size: number | null): void {
  try {
    if (size === null) localStorage.removeItem(placeOfName(name));
    else localStorage.setItem(placeOfName(name), String(size));
  } catch {
    return;
  }
}
