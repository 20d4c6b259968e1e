/** The log's lines: only those in sight stand in the page, so a million scroll as ten do. */

import { memo, useCallback, useEffect, useLayoutEffect, useRef, type KeyboardEvent } from "react";
import { CircleAlert, CircleX, TriangleAlert, type LucideIcon } from "lucide-react";
import type { Level, RunEvent } from "../data/event.ts";
import type { Passing } from "../data/log.ts";
import type { Timeline } from "../state/timeline.ts";
import { useScaled } from "./scaled-scroll.ts";
import { clock, whole } from "./when.ts";

const ROW = 24;
const SPARE = 8;
/** Events of a node among which one that is shown is looked for. */
const LOOKED_AT = 1_000;

type Props = {
  readonly timeline: Timeline;
  readonly places: Passing;
  readonly tick: number;
  /** What nodes are called. */
  readonly names: ReadonlyMap<string, string>;
  /** The seq of the line that was clicked. */
  readonly chosen: number | null;
  /** The node that is pointed at: its lines are marked. */
  readonly node: string | null;
  /** Lines after this event have not happened yet at the moment looked at. */
  readonly moment: number | null;
  readonly isFollowing: boolean;
  readonly onFollow: (is: boolean) => void;
  readonly onChoose: (seq: number) => void;
};

export function LogList(props: Props) {
  const { timeline, places, names, chosen, node, moment, onChoose } = props;
  const { log, archive } = timeline;
  const box = useRef<HTMLDivElement>(null);
  const { top, height, shift, inner, onScroll } = useWindow(box, props);
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(places.length, Math.ceil((top + height) / ROW) + SPARE);
  const seqs = Array.from({ length: Math.max(0, last - first) }, (_, offset) => places.at(first + offset)!);
  useEffect(() => archive.want(seqs)); // after each drawing: what is here is not asked for again
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !places.length) return;
    event.preventDefault();
    const place = chosen === null ? (step > 0 ? first : last - 1) : places.placeOf(chosen) + step;
    const next = places.at(Math.min(places.length - 1, Math.max(0, place)));
    if (next !== undefined && next !== chosen) onChoose(next);
  };
  return (
    <div ref={box} onScroll={onScroll} onKeyDown={onKeyDown} tabIndex={0} role="listbox" aria-label="Events" data-testid="log-lines"
      aria-activedescendant={chosen === null ? undefined : `event-${chosen}`}
      className="min-h-0 flex-1 overflow-y-auto overscroll-contain font-mono text-xs focus-visible:outline-offset-[-2px]">
      <div style={{ height: inner, position: "relative", overflow: "clip" }} role="presentation">
        {seqs.map((seq, offset) => {
          const event = log.at(seq);
          const y = (first + offset) * ROW - shift;
          if (!event) return <Missing key={seq} seq={seq} top={y} />;
          return (
            <Line key={seq} event={event} top={y} isChosen={seq === chosen}
              name={names.get(event.node_id ?? "") ?? event.node_id ?? ""} isAhead={moment !== null && seq > moment}
              isMoment={seq === moment} isPointed={node !== null && event.node_id === node} onChoose={onChoose} />
          );
        })}
      </div>
      {!places.length && <p className="p-4 font-sans text-sm text-mute">{places.sought === null ? "No line passes the filter." : "Searching …"}</p>}
    </div>
  );
}

/** Where the list is scrolled to; at its end it follows, as soon as the reader scrolls up it stays. */
function useWindow(box: React.RefObject<HTMLDivElement | null>, { timeline, places, tick, chosen, node, moment, isFollowing, onFollow }: Props) {
  const scaled = useScaled(box, places.length * ROW);
  const { to } = scaled;
  useLayoutEffect(() => {
    if (isFollowing) to(places.length * ROW);
  }, [isFollowing, places, tick, scaled.height, to]);
  const view = useRef(scaled);
  view.current = scaled;
  const show = useCallback((seq: number) => {
    const line = (places.placeOf(seq + 1) - 1) * ROW;
    const { top, height } = view.current;
    if (line < top || line + ROW > top + height) view.current.to(line - height / 2);
  }, [places]);
  useLayoutEffect(() => {
    if (chosen === null) return;
    show(chosen);
    onFollow(false);
  }, [chosen, show, onFollow]);
  useLayoutEffect(() => {
    if (node === null || chosen !== null) return;
    const seq = lastShown(timeline, places, node, moment ?? timeline.log.last);
    if (seq === undefined) return;
    show(seq);
    onFollow(false);
  }, [node]); // eslint-disable-line -- once, when it is pointed at
  useLayoutEffect(() => {
    if (moment !== null) show(moment);
  }, [moment, show]);
  const onScroll = (): void => {
    if (scaled.onScroll() === "reader" && moment === null) onFollow(scaled.isAtEnd());
  };
  return { ...scaled, onScroll };
}

/** The node's last event up to this one that is shown. */
function lastShown({ log }: Timeline, places: Passing, node: string, until: number): number | undefined {
  return log.columns.lastOf(node, log.types, until, LOOKED_AT).findLast((seq) => places.at(places.placeOf(seq)) === seq);
}

/** A line that is being read. */
function Missing({ seq, top }: { readonly seq: number; readonly top: number }) {
  return (
    <div role="option" aria-selected={false} aria-label={`Event ${seq} is being read`} style={{ position: "absolute", top, height: ROW }} className="inset-x-0 flex items-center px-3">
      <span className="h-2 w-40 rounded bg-hover" />
      <span className="ml-auto text-2xs text-mute tabular-nums">{seq}</span>
    </div>
  );
}

const MARKS: Readonly<Record<Level, readonly [LucideIcon | null, string]>> = {
  DEBUG: [null, "text-mute"],
  INFO: [null, "text-mute"],
  WARNING: [TriangleAlert, "text-wait"],
  ERROR: [CircleX, "text-fail"],
  FATAL: [CircleAlert, "text-fail"],
};

type LineProps = {
  readonly event: RunEvent;
  readonly top: number;
  readonly name: string;
  readonly isChosen: boolean;
  readonly isAhead: boolean;
  readonly isMoment: boolean;
  readonly isPointed: boolean;
  readonly onChoose: (seq: number) => void;
};

const Line = memo(function Line({ event, top, name, isChosen, isAhead, isMoment, isPointed, onChoose }: LineProps) {
  const [Icon, color] = MARKS[event.level];
  const ink = event.level === "DEBUG" || isAhead ? "text-mute" : event.level === "INFO" ? "text-ink" : color;
  return (
    <div id={`event-${event.seq}`} role="option" aria-selected={isChosen} onClick={() => onChoose(event.seq)} data-type={event.type} data-seq={event.seq}
      style={{ position: "absolute", top, height: ROW }}
      className={`inset-x-0 flex cursor-pointer items-center gap-2 whitespace-nowrap px-3 ${isChosen ? "bg-accent/15" : isPointed ? "bg-accent/5 hover:bg-hover/70" : "hover:bg-hover/70"} ${isAhead ? "bg-[repeating-linear-gradient(135deg,var(--or-hover)_0_1px,transparent_1px_8px)] italic" : ""} ${isMoment ? "shadow-[inset_3px_0_var(--or-accent)]" : ""}`}>
      <time dateTime={event.at} title={whole(event.at)} className="shrink-0 text-mute tabular-nums">{clock(event.at)}</time>
      <span className={`grid w-3.5 shrink-0 place-items-center ${color}`}>{Icon && <Icon size={12} aria-label={event.level} />}</span>
      <span className="hidden w-40 shrink-0 truncate text-mute 2xl:inline">{event.type}</span>
      <span className="hidden w-36 shrink-0 truncate text-mute lg:inline" title={name}>{name}</span>
      <span className={`min-w-0 flex-1 truncate ${ink}`} title={event.message}>{event.message}</span>
      {event.branch && <span className="shrink-0 rounded bg-hover px-1 text-2xs text-mute" title="Branch">{event.branch}</span>}
      <span className="hidden w-10 shrink-0 text-right text-2xs text-mute tabular-nums sm:inline">{event.seq}</span>
    </div>
  );
});
