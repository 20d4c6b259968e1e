/** Two parts, one above the other; the line between them is dragged, or moved with the arrow keys. */

import { useId, type ReactNode } from "react";
import { Splitter, useSize } from "../../components/splitter.tsx";

/** In percent of the height. */
const BOUNDS = { least: 15, most: 85, usual: 56 };
const STEP = 4;

type Props = { readonly name: string; readonly label: string; readonly upper: ReactNode; readonly lower: ReactNode };

export function Split({ name, label, upper, lower }: Props) {
  const id = useId();
  const sized = useSize(name, BOUNDS);
  const [percent] = sized;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div id={id} className="flex min-h-0 flex-col" style={{ flex: `${percent} 1 0` }}>{upper}</div>
      <Splitter label={label} controls={id} orientation="horizontal" sized={sized} bounds={BOUNDS} step={STEP} growth={(separator) => 100 / separator.parentElement!.clientHeight} />
      <div className="flex min-h-0 flex-col" style={{ flex: `${100 - percent} 1 0` }}>{lower}</div>
    </div>
  );
}
