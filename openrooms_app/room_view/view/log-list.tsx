/** The log's lines: only those in sight stand in the page, so a million scroll as ten do. */

import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { CircleAlert, CircleX, TriangleAlert, type LucideIcon } from "lucide-react";
import type { Level, RunEvent } from "../data/event.ts";
import type { EventLog } from "../data/log.ts";
import { clock, whole } from "./when.ts";

const ROW = 24;
const SPARE = 8;

type Props = {
  readonly log: EventLog;
  readonly places: readonly number[];
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
  readonly onChoose: (event: RunEvent) => void;
};

export function LogList(props: Props) {
  const { log, places, names, chosen, node, moment, onChoose } = props;
  const box = useRef<HTMLDivElement>(null);
  const { top, height, onScroll } = useWindow(box, props);
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(places.length, Math.ceil((top + height) / ROW) + SPARE);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !places.length) return;
    event.preventDefault();
    const place = chosen === null ? (step > 0 ? first : last - 1) : log.placeOf(chosen) + step;
    const next = log.events[places[Math.min(places.length - 1, Math.max(0, place))]!];
    if (next && next.seq !== chosen) onChoose(next);
  };
  return (
    <div ref={box} onScroll={onScroll} onKeyDown={onKeyDown} tabIndex={0} role="listbox" aria-label="Events" data-testid="log-lines"
      aria-activedescendant={chosen === null ? undefined : `event-${chosen}`}
      className="min-h-0 flex-1 overflow-y-auto overscroll-contain font-mono text-xs focus-visible:outline-offset-[-2px]">
      <div style={{ height: places.length * ROW, position: "relative" }} role="presentation">
        {places.slice(first, last).map((index, offset) => {
          const event = log.events[index]!;
          return (
            <Line key={event.seq} event={event} top={(first + offset) * ROW} isChosen={event.seq === chosen}
              name={names.get(event.node_id ?? "") ?? event.node_id ?? ""} isAhead={moment !== null && event.seq > moment}
              isMoment={event.seq === moment} isPointed={node !== null && event.node_id === node} onChoose={onChoose} />
          );
        })}
      </div>
      {!places.length && <p className="p-4 font-sans text-sm text-mute">No line passes the filter.</p>}
    </div>
  );
}

/** Where the list is scrolled to; at its end it follows, as soon as the reader scrolls up it stays. */
function useWindow(box: React.RefObject<HTMLDivElement | null>, { log, places, tick, chosen, node, moment, isFollowing, onFollow }: Props) {
  const [view, setView] = useState({ top: 0, height: 400 });
  const isOurs = useRef(false);
  const measure = useCallback(() => {
    const { scrollTop: top, clientHeight: height } = box.current!;
    setView((before) => (before.top === top && before.height === height ? before : { top, height }));
  }, [box]);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [box, measure]);
  useLayoutEffect(() => {
    if (!isFollowing) return;
    isOurs.current = true;
    box.current!.scrollTop = box.current!.scrollHeight;
    measure();
  }, [box, isFollowing, places, tick, view.height, measure]);
  const show = useCallback((seq: number) => {
    const line = (log.placeOf(seq + 1) - 1) * ROW;
    const { scrollTop, clientHeight } = box.current!;
    if (line >= scrollTop && line + ROW <= scrollTop + clientHeight) return;
    isOurs.current = true;
    box.current!.scrollTop = line - clientHeight / 2;
  }, [box, log]);
  useLayoutEffect(() => {
    if (chosen === null) return;
    show(chosen);
    onFollow(false);
  }, [chosen, show, onFollow]);
  useLayoutEffect(() => {
    if (node === null || chosen !== null) return;
    const place = places.findLastIndex((each) => log.events[each]!.node_id === node && (moment === null || log.events[each]!.seq <= moment));
    if (place < 0) return;
    show(log.events[places[place]!]!.seq);
    onFollow(false);
  }, [node]); // eslint-disable-line -- once, when it is pointed at
  useLayoutEffect(() => {
    if (moment !== null) show(moment);
  }, [moment, show]);
  const onScroll = (): void => {
    measure();
    if (isOurs.current) {
      isOurs.current = false;
      return;
    }
    const { scrollTop, clientHeight, scrollHeight } = box.current!;
    if (moment === null) onFollow(scrollTop + clientHeight >= scrollHeight - ROW / 2);
  };
  return { ...view, onScroll };
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
  readonly onChoose: (event: RunEvent) => void;
};

const Line = memo(function Line({ event, top, name, isChosen, isAhead, isMoment, isPointed, onChoose }: LineProps) {
  const [Icon, color] = MARKS[event.level];
  const ink = event.level === "DEBUG" || isAhead ? "text-mute" : event.level === "INFO" ? "text-ink" : color;
  return (
    <div id={`event-${event.seq}`} role="option" aria-selected={isChosen} onClick={() => onChoose(event)} data-type={event.type} data-seq={event.seq}
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
