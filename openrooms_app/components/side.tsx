/** A part at the right of a page whose width is chosen: a line to drag before it, and `--or-side` for its own style. */

import { useSyncExternalStore, type CSSProperties, type ReactNode } from "react";
import { Splitter, useSize, type Bounds } from "./splitter.tsx";

const STEP = 16;

type Props = {
  readonly name: string;
  readonly label: string;
  /** The id of the part. */
  readonly controls: string;
  /** In pixels, for a page of this width. */
  readonly bounds: (pageWidth: number) => Bounds;
  readonly className?: string;
  readonly children: ReactNode;
};

export function Side({ name, label, controls, bounds: boundsFor, className = "", children }: Props) {
  const bounds = boundsFor(useSyncExternalStore(watchWidth, () => window.innerWidth));
  const sized = useSize(name, bounds);
  return (
    <div className="contents" style={{ "--or-side": `${sized[0]}px` } as CSSProperties}>
      <Splitter label={label} controls={controls} orientation="vertical" sized={sized} bounds={bounds} step={STEP} growth={() => -1} className={className} />
      {children}
    </div>
  );
}

function watchWidth(listener: () => void): () => void {
  window.addEventListener("resize", listener);
  return () => window.removeEventListener("resize", listener);
}
