/** The run's steps over its time: branches indented, attempts, waits and rests in colours; a click looks into a step. */

import { useMemo, useRef, useState, useEffect, type KeyboardEvent } from "react";
import { ListTree } from "lucide-react";
import { titleOf } from "../../canvas/document/document.ts";
import { Duration, useNow } from "../../components/time.tsx";
import { barsOf, type Bar } from "../data/bars.ts";
import { spellBranch } from "../data/fold.ts";
import type { Step } from "../data/steps.ts";
import { useRoom, useStanding, useView } from "./context.ts";
import { Notice } from "./kit.tsx";
import { STEP_COLORS } from "./step-detail.tsx";
import { instant } from "./when.ts";

const ROW = 24;
const SPARE = 6;

export function Gantt() {
  const standing = useStanding();
  const { model } = useRoom();
  const chosen = useView((view) => view.step);
  const node = useView((view) => view.node);
  const box = useRef<HTMLDivElement>(null);
  const at = useView((view) => view.at);
  const { first, last, onScroll } = useRows(box, standing.steps.size);
  const isOn = at === null && standing.ended_at === null;
  const now = useNow(isOn);
  useLast(box, standing.steps.size, isOn || at !== null);
  if (!standing.steps.size) return <Notice Icon={ListTree} title="No step has begun">Each step appears here when it is entered.</Notice>;
  const { steps } = standing;
  const from = instant(standing.started_at ?? steps.at(0)!.started_at);
  const told = instant(standing.ended_at ?? standing.at);
  const to = isOn ? Math.max(now, told) : told || now;
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const place = chosen === null ? -1 : steps.placeOf(chosen);
    const next = steps.at(Math.max(0, Math.min(steps.size - 1, place + move)));
    if (next) model.into(next.step);
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col bg-panel" data-testid="gantt">
      <Scale ms={to - from} />
      <div ref={box} onScroll={onScroll} onKeyDown={onKeyDown} tabIndex={0} role="listbox" aria-label="Steps over time" className="min-h-0 flex-1 overflow-y-auto overscroll-contain focus-visible:outline-offset-[-2px]">
        <div role="presentation" style={{ height: steps.size * ROW, position: "relative" }}>
          {steps.slice(first, last).map((step, offset) => (
            <Row key={step.step} step={step} top={(first + offset) * ROW} from={from} to={to} until={standing.seq}
              isChosen={step.step === chosen || (chosen === null && step.node_id === node)} />
          ))}
        </div>
      </div>
    </div>
  );
}

function useRows(box: React.RefObject<HTMLDivElement | null>, count: number) {
  const [view, setView] = useState({ top: 0, height: 400 });
  const onScroll = (): void => {
    const { scrollTop: top, clientHeight: height } = box.current!;
    setView((before) => (before.top === top && before.height === height ? before : { top, height }));
  };
  const isThere = count > 0;
  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(onScroll);
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [isThere]); // eslint-disable-line
  const first = Math.max(0, Math.floor(view.top / ROW) - SPARE);
  return { first, last: Math.min(count, Math.ceil((view.top + view.height) / ROW) + SPARE), onScroll };
}

/** As long as the run goes on, or an older moment is looked at, its last step is in sight; unless the reader has scrolled away from it. */
function useLast(box: React.RefObject<HTMLDivElement | null>, count: number, isOn: boolean): void {
  const before = useRef(0);
  useEffect(() => {
    if (!box.current || !isOn) return;
    const { scrollTop, clientHeight } = box.current;
    const wasThere = scrollTop + clientHeight >= before.current * ROW - ROW;
    before.current = count;
    if (wasThere) box.current.scrollTop = count * ROW;
  }, [box, count, isOn]);
}

function Scale({ ms }: { readonly ms: number }) {
  return (
    <div className="flex h-6 shrink-0 items-center border-b border-line px-3 text-2xs text-mute">
      <span className="w-32 shrink-0 sm:w-52">Step</span>
      <div className="flex flex-1 justify-between tabular-nums">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => <span key={part} className={part === 0.25 || part === 0.75 ? "max-sm:hidden" : ""}>{part === 0 ? "0" : ms >= 10 ? <Duration ms={ms * part} /> : part === 1 && `${ms.toFixed(1)} ms`}</span>)}
      </div>
    </div>
  );
}

type RowProps = { readonly step: Step; readonly top: number; readonly from: number; readonly to: number; readonly until: number; readonly isChosen: boolean };

function Row({ step, top, from, to, until, isChosen }: RowProps) {
  const { model } = useRoom();
  const title = titleOf({ id: step.node_id, name: step.name });
  const depth = step.branch ? step.branch.split(".").length >> 1 || 1 : 0;
  return (
    <div role="option" aria-selected={isChosen} onClick={() => model.into(step.step)} data-testid={`bar-${step.step}`}
      aria-label={`Step ${step.step}: ${title}, ${step.status}`}
      className={`absolute inset-x-0 flex cursor-pointer items-center px-3 text-xs ${isChosen ? "bg-accent/15" : "hover:bg-hover/70"}`} style={{ top, height: ROW }}>
      <span className="flex w-32 shrink-0 items-center gap-1.5 truncate pr-2 sm:w-52" style={{ paddingLeft: depth * 12 }}>
        <span className="w-6 shrink-0 text-right font-mono text-2xs text-mute tabular-nums">{step.step}</span>
        <span className="truncate">{title}</span>
        {step.branch && <span className="shrink-0 rounded bg-hover px-1 font-mono text-2xs text-mute" title={spellBranch(step.branch)}>{step.branch}</span>}
        {step.attempt > 1 && <span className="shrink-0 text-2xs text-mute">×{step.attempt}</span>}
      </span>
      <Bars step={step} from={from} to={to} until={until} />
    </div>
  );
}

/** The bars of one step in a lane as wide as the run is long. */
export function Bars({ step, from, to, until }: { readonly step: Step; readonly from: number; readonly to: number; readonly until: number }) {
  const { timeline } = useRoom().model.shown.get(); // not watched: a row is drawn anew when its step has changed
  const bars = useMemo(() => barsOf(timeline.eventsOf(step, until)), [timeline, step, step.last, until, timeline.log.loads]);
  const whole = Math.max(0.001, to - from);
  return (
    <div className="relative h-2.5 min-w-0 flex-1 rounded-sm bg-hover" aria-hidden>
      {bars.map((bar) => {
        const left = Math.min(99.5, Math.max(0, ((instant(bar.from) - from) / whole) * 100));
        const width = Math.max(0, Math.min(100 - left, (((bar.to === null ? to : instant(bar.to)) - instant(bar.from)) / whole) * 100));
        return <div key={`${bar.from}${bar.kind}`} className="absolute inset-y-0 min-w-0.5 rounded-sm" data-bar={bar.kind} title={saysOf(bar)} style={{ left: `${left}%`, width: `${width}%`, ...paintOf(bar, step) }} />;
      })}
    </div>
  );
}

function saysOf({ kind, attempt, hasFailed }: Bar): string {
  const what = { work: "at work", wait: "waiting", rest: "resting before the next attempt" }[kind];
  return `attempt ${attempt}: ${what}${hasFailed ? ", failed" : ""}`;
}

function paintOf(bar: Bar, step: Step): { readonly background: string } {
  if (bar.hasFailed) return { background: "var(--or-fail)" };
  if (bar.kind === "rest") return { background: "repeating-linear-gradient(135deg,var(--or-wait) 0 2px,transparent 2px 5px)" };
  if (bar.kind === "wait") return { background: "color-mix(in srgb, var(--or-wait) 55%, transparent)" };
  const isOwn = bar.to === null || step.status === "skipped" || step.status === "pinned" || step.status === "cancelled";
  return { background: `var(--or-${isOwn ? STEP_COLORS[step.status] : "ok"})` };
}
