/** One step with all that is on record of it: what went in and came out, its turns, its waits, its way on. */

import { useMemo, useState } from "react";
import { CirclePlay, RotateCcw } from "lucide-react";
import { Duration, RelativeTime } from "../../components/time.tsx";
import { nodeOf, variableOf } from "../../canvas/document/document.ts";
import { canTry } from "../../canvas/document/trial.ts";
import { useStore } from "../../canvas/state/use-store.ts";
import { barsOf, type Bar } from "../data/bars.ts";
import { isOver, type Json, type JsonObject, type RunEvent } from "../data/event.ts";
import type { Step, StepStatus } from "../data/steps.ts";
import { turnsOf } from "../data/turns.ts";
import { AloneDialog } from "./alone-dialog.tsx";
import { useRoom, useShown, useView } from "./context.ts";
import { JsonTree } from "../../components/json-tree.tsx";
import { Button, GroupTitle } from "./kit.tsx";
import { dollars, Long, Turns } from "./turns.tsx";
import { instant } from "./when.ts";
import { Linked, Values } from "./why.tsx";

export const STEP_COLORS: Readonly<Record<StepStatus, string>> = {
  running: "run", waiting: "wait", retrying: "wait", done: "ok", failed: "fail", skipped: "idle", pinned: "pause", cancelled: "idle",
};

export function StepBadge({ status }: { readonly status: StepStatus }) {
  const color = `var(--or-${STEP_COLORS[status]})`;
  return <span className="rounded px-1.5 py-0.5 text-2xs font-medium" style={{ color, background: `color-mix(in srgb, ${color} 12%, var(--or-panel))` }}>{status}</span>;
}

/** `until` is the moment that is looked at: what came later is not told. */
export function StepDetail({ step, until }: { readonly step: Step; readonly until: number }) {
  const { timeline, tick } = useShown();
  const events = useMemo(() => timeline.eventsOf(step, until), [timeline, step, until, tick]);
  return (
    <div className="flex flex-col gap-2.5" data-testid="step-detail">
      <Facts step={step} />
      {step.error && <JsonTree name="error" value={step.error as Json} path="" open={2} />}
      <Given step={step} />
      <Agent events={events} step={step} until={until} />
      <Attempts events={events} end={step.ended_at} />
      <Answers events={events} />
      <Output step={step} events={events} />
      <WentOn transition={step.transition} />
      <Again step={step} />
    </div>
  );
}

function Facts({ step }: { readonly step: Step }) {
  const { model } = useRoom();
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-mute">
      <StepBadge status={step.status} />
      <span><RelativeTime at={step.started_at} /></span>
      {step.duration_ms !== null && <span className="tabular-nums"><Duration ms={step.duration_ms} /></span>}
      {step.attempt > 1 && <span>attempt {step.attempt}</span>}
      {step.branch && <span className="font-mono text-2xs">branch {step.branch}</span>}
      {step.tokens > 0 && <span className="tabular-nums">{step.tokens.toLocaleString()} tokens</span>}
      {step.cost_usd > 0 && <span className="tabular-nums">{dollars(step.cost_usd)}</span>}
      <Linked onClick={() => model.look(step.first)}>event {step.first}</Linked>
    </p>
  );
}

/** What the step was given; of an agent the prompt, which is what people look for. */
function Given({ step }: { readonly step: Step }) {
  if (step.input === null) return null;
  if (step.type !== "AGENT_TASK") return <JsonTree name="input" value={step.input} path="input" open={2} />;
  const { prompt, ...others } = step.input as JsonObject;
  return (
    <>
      {typeof prompt === "string" && (
        <section>
          <GroupTitle>Prompt</GroupTitle>
          <Long text={prompt} className="text-sm" />
        </section>
      )}
      <JsonTree name="settings" value={others} path="" open={0} />
    </>
  );
}

function Agent({ events, step, until }: { readonly events: readonly RunEvent[]; readonly step: Step; readonly until: number }) {
  const { model } = useRoom();
  const speech = useStore(model.words, (speeches) => speeches.get(step.step));
  const isNow = useShown().timeline.log.last <= until;
  const turns = useMemo(() => (step.type === "AGENT_TASK" ? turnsOf(events) : []), [events, step.type]);
  if (!turns.length) return null;
  return (
    <section>
      <GroupTitle>Turns</GroupTitle>
      <Turns turns={turns} speech={isNow ? speech : undefined} />
    </section>
  );
}

const WORDS: Readonly<Record<Bar["kind"], string>> = { work: "at work", wait: "waiting", rest: "resting before the next attempt" };

/** Its times, where there is more to say than from when to when. */
function Attempts({ events, end }: { readonly events: readonly RunEvent[]; readonly end: string | null }) {
  const bars = useMemo(() => barsOf(events), [events]);
  if (bars.length < 2) return null;
  return (
    <section>
      <GroupTitle>Times</GroupTitle>
      <ul className="text-xs tabular-nums">
        {bars.map((bar) => (
          <li key={`${bar.from}${bar.kind}`} className="flex gap-2">
            <span className={`min-w-0 flex-1 truncate ${bar.hasFailed ? "text-fail" : ""}`}>attempt {bar.attempt}: {WORDS[bar.kind]}{bar.hasFailed && ", failed"}</span>
            <span className="text-mute"><Lasted bar={bar} end={end} /></span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What goes on ends with its step, if that is over. */
function Lasted({ bar: { from, to }, end }: { readonly bar: Bar; readonly end: string | null }) {
  const until = to ?? end;
  return <Duration ms={until === null ? null : instant(until) - instant(from)} since={until === null ? from : null} />;
}

/** Who answered what was asked here, when, and with what. */
function Answers({ events }: { readonly events: readonly RunEvent[] }) {
  const { timeline } = useShown();
  const ended = events.filter((event) => event.type === "WAIT_ENDED");
  const received = timeline.eventsAt(ended.map((event) => event.seq - 1)).filter((before) => before.type === "SIGNAL_RECEIVED");
  if (!received.length) return null;
  return (
    <section data-testid="answers">
      <GroupTitle>Answers</GroupTitle>
      {received.map((event) => (
        <div key={event.seq}>
          <p className="text-xs text-mute">{String(event.data["by"] || "Somebody")} · signal {String(event.data["name"])} · <RelativeTime at={event.at} absolute /></p>
          <JsonTree value={event.data["payload"] ?? null} path="" open={2} />
        </div>
      ))}
    </section>
  );
}

/** What the step gave; a text that its last turn shows already is not told again. */
function Output({ step, events }: { readonly step: Step; readonly events: readonly RunEvent[] }) {
  const node = useView((view) => view.document && nodeOf(view.document, step.node_id));
  const isTold = step.type === "AGENT_TASK" && turnsOf(events).at(-1)?.text === step.output;
  if (step.output === null || isTold) return null;
  return <JsonTree name="output" value={step.output} path={`vars.${node ? variableOf(node) : step.node_id}`} open={2} />;
}

/** The condition that decided where the run went from here. */
function WentOn({ transition }: { readonly transition: JsonObject | null }) {
  const { model } = useRoom();
  const { when, values = {}, wrote_by: wroteBy = {} } = transition ?? {};
  if (typeof when !== "string") return null;
  return (
    <section>
      <GroupTitle aside={<Button look="quiet" className="h-6 px-2 text-xs" onClick={() => model.ask(String(transition!["transition"]))}>Why?</Button>}>
        Went on, as it was true
      </GroupTitle>
      <Values condition={{ when, values: values as JsonObject, wroteBy: wroteBy as Readonly<Record<string, number>> }} />
    </section>
  );
}

/** What a new run can do with this step; the last one of the room's is no matter, as long as it is over. */
function Again({ step }: { readonly step: Step }) {
  const { canEdit } = useRoom();
  const run = useView((view) => view.run);
  const isHeld = useView((view) => view.doing !== null || (view.news !== null && view.news.status !== "IDLE" && !isOver(view.news.status)));
  if (!run || !isOver(run.status) || !canEdit) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {!step.branch && <RunFromHere step={step} isHeld={isHeld} />}
      <RunAlone step={step} isHeld={isHeld} />
    </div>
  );
}

type AgainProps = { readonly step: Step; readonly isHeld: boolean };

/** A new run that begins with this step; inside a fork a run can't begin. */
function RunFromHere({ step, isHeld }: AgainProps) {
  const { model, goTo } = useRoom();
  const run = useView((view) => view.run)!;
  const again = async (): Promise<void> => {
    if (await model.retry(run.id, step.step)) goTo(null);
  };
  return (
    <Button Icon={RotateCcw} disabled={isHeld} title={`A new run that goes on from this step, with the variables as they were then`} onClick={() => void again()}>
      Run again from here
    </Button>
  );
}

function RunAlone({ step, isHeld }: AgainProps) {
  const [isAsking, setAsking] = useState(false);
  const node = useView((view) => view.document && nodeOf(view.document, step.node_id));
  if (!node || !canTry(node, "only")) return null;
  return (
    <>
      <Button Icon={CirclePlay} disabled={isHeld} title="A trial of this node alone, with the variables as they were then, or others" onClick={() => setAsking(true)}>
        Run this step alone
      </Button>
      {isAsking && <AloneDialog step={step} onClose={() => setAsking(false)} />}
    </>
  );
}
