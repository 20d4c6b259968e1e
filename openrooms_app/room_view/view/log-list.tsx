/** The log's lines: only those in sight stand in the page, so a million scroll as ten do. */

import { memo, useEffect, useLayoutEffect, useMemo, useRef, type KeyboardEvent, type MouseEvent, type PointerEvent } from "react";
import { CircleAlert, CircleX, TriangleAlert, type LucideIcon } from "lucide-react";
import { isStill, type Point } from "../../canvas/flow/steady.ts";
import type { Level, RunEvent } from "../data/event.ts";
import { spellBranch } from "../data/fold.ts";
import type { Passing } from "../data/log.ts";
import type { Timeline } from "../state/timeline.ts";
import { messageOf } from "../data/message.ts";
import { useScaled, type Aim } from "./scaled-scroll.ts";
import { clock, whole } from "./when.ts";

const ROW = 24;
const SPARE = 8;
/** Lines on either side that are read along with those in sight, where each lies on a page of its own. */
const NEAR = 60;
/** Events of a node among which one that is shown is looked for. */
const LOOKED_AT = 1_000;

type Props = {
  readonly timeline: Timeline;
  readonly places: Passing;
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
  const seqs = seqsOf(places, first, last);
  const near = (): number[] => [...seqsOf(places, last, last + NEAR), ...seqsOf(places, first - NEAR, first)];
  useEffect(() => archive.want(seqs, near)); // after each drawing: what is here is not asked for again
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !places.length) return;
    event.preventDefault();
    const place = chosen === null ? (step > 0 ? first : last - 1) : places.placeOf(chosen) + step;
    const next = places.at(Math.min(places.length - 1, Math.max(0, place)));
    if (next !== undefined && next !== chosen) onChoose(next);
  };
  const press = usePress(onChoose);
  const rows = Math.ceil(height / ROW) + 2 * SPARE + 2; // a row that has gone out of sight is the one that comes in
  return (
    <div ref={box} onScroll={onScroll} onKeyDown={onKeyDown} {...press} tabIndex={0} role="listbox" aria-label="Events" data-testid="log-lines" data-region-start
      aria-activedescendant={chosen === null ? undefined : `event-${chosen}`}
      className="@container min-h-0 flex-1 overflow-y-auto overscroll-contain font-mono text-xs [overflow-anchor:none] focus-visible:outline-offset-[-2px]">
      <div style={{ height: inner, position: "relative", overflow: "clip" }} role="presentation">
        {seqs.map((seq, offset) => {
          const event = log.at(seq);
          return (
            <Line key={(first + offset) % rows} seq={seq} event={event} top={(first + offset) * ROW - shift} isChosen={seq === chosen}
              name={names.get(event?.node_id ?? "") ?? event?.node_id ?? ""} message={event ? messageOf(event, names) : ""} isAhead={moment !== null && seq > moment}
              isMoment={seq === moment} isPointed={node !== null && event?.node_id === node} />
          );
        })}
      </div>
      {!places.length && <p className="p-4 font-sans text-sm text-mute">{places.sought === null ? "No line passes the filter." : "Searching …"}</p>}
    </div>
  );
}

function seqsOf(places: Passing, first: number, last: number): number[] {
  const [begin, end] = [Math.max(0, first), Math.min(places.length, last)];
  return Array.from({ length: Math.max(0, end - begin) }, (_, offset) => places.at(begin + offset)!);
}

/**
 * A list that follows moves on under the hand: the line that was pressed is meant, not what lies there when the button
 * comes up. Browsers see no click in that; one without a press is of a program that speaks for somebody.
 */
function usePress(onChoose: (seq: number) => void) {
  const pressed = useRef<(Point & { readonly seq: number | null }) | null>(null);
  const choose = (seq: number | null | undefined): void => {
    if (seq != null) onChoose(seq);
  };
  return {
    onPointerDown: ({ button, clientX, clientY, target }: PointerEvent): void => {
      pressed.current = button === 0 ? { clientX, clientY, seq: seqOf(target) } : null;
    },
    onPointerUp: (event: PointerEvent): void => choose(isStill(pressed.current, event) ? pressed.current?.seq : null),
    onPointerCancel: (): void => void (pressed.current = null), // a finger that scrolls
    onClick: ({ detail, target }: MouseEvent): void => choose(detail ? null : seqOf(target)),
  };
}

/** The number of the event whose line this is a part of. */
function seqOf(target: EventTarget): number | null {
  const seq = (target as Element).closest<HTMLElement>("[data-seq]")?.dataset["seq"];
  return seq === undefined ? null : Number(seq);
}

/** Where the list is scrolled to; at its end it follows, as soon as the reader scrolls up it stays. */
function useWindow(box: React.RefObject<HTMLDivElement | null>, { timeline, places, chosen, node, moment, isFollowing, onFollow }: Props) {
  const lineOf = (seq: number | null | undefined): Aim | null => (seq == null ? null : { line: Math.max(0, places.placeOf(seq + 1) - 1) });
  const ofNode = useMemo(() => (node === null || chosen !== null ? null : lineOf(lastShown(timeline, places, node, moment ?? timeline.log.last))), [node]); // eslint-disable-line -- once, when it is pointed at
  const ofChosen = useMemo(() => lineOf(chosen), [chosen, places]); // eslint-disable-line
  const isThere = moment !== null && moment <= timeline.log.last && places.sought === null;
  const ofMoment = useMemo(() => lineOf(moment), [moment, places, isThere]); // eslint-disable-line
  useLayoutEffect(() => {
    if (ofChosen ?? ofNode) onFollow(false);
  }, [ofChosen, ofNode, onFollow]);
  const onReader = (isAtEnd: boolean): void => {
    if (moment === null) onFollow(isAtEnd);
  };
  return useScaled(box, { lines: places.length, row: ROW, isFollowing, aims: [ofNode, ofChosen, ofMoment], onReader });
}

/** The node's last event up to this one that is shown. */
function lastShown({ log }: Timeline, places: Passing, node: string, until: number): number | undefined {
  return log.columns.lastOf(node, log.types, until, LOOKED_AT).findLast((seq) => places.at(places.placeOf(seq)) === seq);
}

const MARKS: Readonly<Record<Level, readonly [LucideIcon | null, string]>> = {
  DEBUG: [null, "text-mute"],
  INFO: [null, "text-mute"],
  WARNING: [TriangleAlert, "text-wait"],
  ERROR: [CircleX, "text-fail"],
  FATAL: [CircleAlert, "text-fail"],
};

type LineProps = {
  readonly seq: number;
  /** undefined while it is being read. */
  readonly event: RunEvent | undefined;
  readonly top: number;
  readonly name: string;
  readonly message: string;
  readonly isChosen: boolean;
  readonly isAhead: boolean;
  readonly isMoment: boolean;
  readonly isPointed: boolean;
};

const Line = memo(function Line({ seq, event, top, name, message, isChosen, isAhead, isMoment, isPointed }: LineProps) {
  if (!event) return <Missing seq={seq} top={top} isChosen={isChosen} />;
  const [Icon, color] = MARKS[event.level];
  const ink = event.level === "DEBUG" || isAhead ? "text-mute" : event.level === "INFO" ? "text-ink" : color;
  return (
    <div id={`event-${seq}`} role="option" aria-selected={isChosen} data-type={event.type} data-seq={seq}
      style={{ position: "absolute", top, height: ROW }}
      className={`inset-x-0 flex cursor-pointer items-center gap-2 whitespace-nowrap px-3 ${isChosen ? "bg-accent/15" : isPointed ? "bg-accent/5 hover:bg-hover/70" : "hover:bg-hover/70"} ${isAhead ? "bg-[repeating-linear-gradient(135deg,var(--or-hover)_0_1px,transparent_1px_8px)] italic" : ""} ${isMoment ? "shadow-[inset_3px_0_var(--or-accent)]" : ""}`}>
      <time dateTime={event.at} title={whole(event.at)} className="shrink-0 text-mute tabular-nums">{clock(event.at)}</time>
      <span className={`grid w-3.5 shrink-0 place-items-center ${color}`}>{Icon && <Icon size={12} aria-label={event.level} />}</span>
      <span className="hidden w-40 shrink-0 truncate text-mute @min-[960px]:inline">{event.type}</span>
      <span className="hidden w-36 shrink-0 truncate text-mute @min-[720px]:inline" title={name}>{name}</span>
      <span className={`min-w-0 flex-1 truncate ${ink}`} title={message}>{message}</span>
      {event.branch && <span className="shrink-0 rounded bg-hover px-1 text-2xs text-mute" title={spellBranch(event.branch)}>{event.branch}</span>}
      <span className="hidden w-10 shrink-0 text-right text-2xs text-mute tabular-nums sm:inline">{seq}</span>
    </div>
  );
});

function Missing({ seq, top, isChosen }: Pick<LineProps, "seq" | "top" | "isChosen">) {
  return (
    <div role="option" aria-selected={isChosen} data-seq={seq} aria-label={`Event ${seq} is being read`} style={{ position: "absolute", top, height: ROW }} className={`inset-x-0 flex items-center px-3 ${isChosen ? "bg-accent/15" : ""}`}>
      <span className="h-2 w-40 rounded bg-hover" />
      <span className="ml-auto text-2xs text-mute tabular-nums">{seq}</span>
    </div>
  );
}
