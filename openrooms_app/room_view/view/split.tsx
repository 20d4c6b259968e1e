/** Two parts, one above the other; the line between them is dragged, or moved with the arrow keys. */

import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";

const LEAST = 15;
const MOST = 85;
const STEP = 4;

type Props = { readonly name: string; readonly label: string; readonly upper: ReactNode; readonly lower: ReactNode };

export function Split({ name, label, upper, lower }: Props) {
  const whole = useRef<HTMLDivElement>(null);
  const [percent, setPercent] = useState(() => kept(name));
  const set = (next: number): void => {
    const fitting = Math.round(Math.min(MOST, Math.max(LEAST, next)) * 10) / 10;
    setPercent(fitting);
    localStorage.setItem(keyOf(name), String(fitting));
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const { top, height } = whole.current!.getBoundingClientRect();
    set(((event.clientY - top) / height) * 100);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    set(percent + (event.key === "ArrowUp" ? -STEP : STEP));
  };
  return (
    <div ref={whole} className="flex min-h-0 min-w-0 flex-col">
      <div className="flex min-h-0 flex-col" style={{ flex: `${percent} 1 0` }}>{upper}</div>
      <div
        role="separator"
        aria-orientation="horizontal"
        aria-label={label}
        aria-valuenow={Math.round(percent)}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        tabIndex={0}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onPointerMove}
        onKeyDown={onKeyDown}
        className="relative z-10 h-px shrink-0 cursor-row-resize touch-none bg-line focus-visible:outline-offset-[-1px] after:absolute after:inset-x-0 after:-top-1 after:h-2 hover:bg-accent"
      />
      <div className="flex min-h-0 flex-col" style={{ flex: `${100 - percent} 1 0` }}>{lower}</div>
    </div>
  );
}

function keyOf(name: string): string {
  return `openrooms.split.${name}`;
}

function kept(name: string): number {
  const value = Number(localStorage.getItem(keyOf(name)));
  return value >= LEAST && value <= MOST ? value : 56;
}
