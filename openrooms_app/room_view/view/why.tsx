/** Why a transition was taken or not: the condition with its values, who wrote them, and what was tried before it. */

import type { ReactNode } from "react";
import { Ban, Check, CircleX, CornerDownRight, Split, type LucideIcon } from "lucide-react";
import { nodeOf, titleOf, transitionOf, type Transition, type WorkflowDocument } from "../../canvas/document/document.ts";
import type { RunEvent } from "../data/event.ts";
import type { Step } from "../data/steps.ts";
import type { Timeline } from "../state/timeline.ts";
import { judgementsOf, JUDGING, spelled, waysInto, type Condition, type Judgement } from "../data/why.ts";
import { useRoom, useShown, useStanding, useView } from "./context.ts";
import { Button, GroupTitle } from "./kit.tsx";

/** The last verdicts on a transition, the newest first. */
const SHOWN = 20;
/** Events read for them; a step that leaves its node has two, and one more for each branch that it forks. */
const READ = 200;

export function WayWhy({ id }: { readonly id: string }) {
  const document = useView((view) => view.document);
  const { timeline } = useShown();
  const standing = useStanding();
  const way = document && transitionOf(document, id);
  if (!way) return <p className="text-sm text-mute">This version has no such transition.</p>;
  const events = judging(timeline, way.source, standing.seq);
  const newest = judgementsOf(way, events).slice(-SHOWN).reverse();
  return (
    <section aria-label="Why" className="flex flex-col gap-2" data-testid="why">
      <WayTitle way={way} />
      {!newest.length && <Unjudged way={way} />}
      {newest.map((each) => <Verdict key={each.seq} judged={each} way={way} />)}
      {newest.length === SHOWN && <p className="text-xs text-mute">Earlier ones are not shown.</p>}
    </section>
  );
}

/** What the last times through a node decided, up to an event. */
function judging(timeline: Timeline, source: string, until: number): readonly RunEvent[] {
  return timeline.eventsAt(timeline.log.columns.lastOf(source, JUDGING, until, READ));
}

function WayTitle({ way }: { readonly way: Transition }) {
  return (
    <div>
      <p className="flex flex-wrap items-center gap-1.5 text-sm font-semibold"><NodeLink id={way.source} /> → <NodeLink id={way.target} /></p>
      <p className="text-xs text-mute">{saysOf(way)}</p>
    </div>
  );
}

export function saysOf(way: Transition): ReactNode {
  if (way.on === "CONDITION_MET") return <>when <code className="font-mono text-ink">{way.when || "…"}</code></>;
  return way.on === "ALWAYS" ? "always" : `on ${way.on.toLowerCase()}`;
}

/** Nobody has left its source yet: where that stands is the reason. */
function Unjudged({ way }: { readonly way: Transition }) {
  const standing = useStanding();
  const document = useView((view) => view.document)!;
  const source = standing.steps.get(standing.passed.get(way.source)?.step ?? -1);
  return <Line Icon={Ban} tone="text-mute">{unjudged(nameOf(document, way.source), source)}</Line>;
}

function unjudged(name: string, source: Step | undefined): string {
  if (!source) return `It was not taken: ${name} has not run.`;
  if (source.status === "failed") return `It was not taken: ${name} failed, and nothing leads on from that.`;
  if (source.status === "cancelled") return `It was not taken: ${name} was cancelled.`;
  return `Nothing is decided yet: ${name} is ${source.status}.`;
}

function Verdict({ judged, way }: { readonly judged: Judgement; readonly way: Transition }) {
  const { model } = useRoom();
  const document = useView((view) => view.document)!;
  return (
    <div className="flex flex-col gap-1 rounded-md border border-line bg-bg p-2" data-testid="verdict" data-verdict={judged.verdict}>
      <Sentence judged={judged} way={way} document={document} />
      {judged.condition && <Values condition={judged.condition} />}
      {judged.error && <p className="break-words text-xs text-fail">{judged.error}</p>}
      {judged.tried.length > 0 && (
        <>
          <p className="mt-1 text-xs text-mute">Tried before it, and false:</p>
          {judged.tried.map((one) => <Values key={one.transition} condition={one.condition} />)}
        </>
      )}
      <p className="flex gap-2 text-xs">
        {judged.step !== null && <Linked onClick={() => model.into(judged.step!)}>step {judged.step}</Linked>}
        <Linked onClick={() => model.look(judged.seq)}>event {judged.seq}</Linked>
        {judged.branch && <span className="font-mono text-2xs text-mute">branch {judged.branch}</span>}
      </p>
    </div>
  );
}

function Sentence({ judged, way, document }: { readonly judged: Judgement; readonly way: Transition; readonly document: WorkflowDocument }) {
  const taken = judged.taken === null ? undefined : transitionOf(document, judged.taken);
  const elsewhere = taken ? `the run went to ${nameOf(document, taken.target)}` : "the run went another way";
  switch (judged.verdict) {
    case "taken":
      return <Line Icon={Check} tone="text-ok">{way.on === "CONDITION_MET" ? "Taken: the condition was true." : `Taken: the step ended with ${judged.outcome}.`}</Line>;
    case "false":
      return <Line Icon={CircleX} tone="text-fail">Not taken: the condition was false; {elsewhere}.</Line>;
    case "broken":
      return <Line Icon={CircleX} tone="text-fail">Not taken: the condition could not be evaluated.</Line>;
    case "other outcome":
      return <Line Icon={Ban} tone="text-mute">Not taken: the step ended with {judged.outcome}; {elsewhere}.</Line>;
    default:
      return <Line Icon={Split} tone="text-mute">Not looked at: {taken?.on === "CONDITION_MET" ? "an earlier condition was true; " : ""}{elsewhere}.</Line>;
  }
}

/** A condition with the values it read, and the steps that wrote them. */
export function Values({ condition }: { readonly condition: Condition }) {
  const { model } = useRoom();
  return (
    <div className="rounded bg-hover/60 px-2 py-1 font-mono text-xs">
      <code className="block break-words">{condition.when}</code>
      {Object.entries(condition.values).map(([path, value]) => (
        <p key={path} className="flex flex-wrap items-baseline gap-x-2 text-2xs text-mute">
          <span className="min-w-0 break-words">{path} = <span className="text-ink">{spelled(value)}</span></span>
          {condition.wroteBy[path] !== undefined && (
            <Linked onClick={() => model.into(condition.wroteBy[path]!)}>written by step {condition.wroteBy[path]}</Linked>
          )}
        </p>
      ))}
    </div>
  );
}

/** Why a node has not run: what became of each way into it. */
export function NodeWhyNot({ id }: { readonly id: string }) {
  const { model } = useRoom();
  const document = useView((view) => view.document)!;
  const { timeline } = useShown();
  const standing = useStanding();
  const token = [...standing.tokens.values()].find((each) => each.node_id === id && !each.isLeaving);
  if (token) return <Line Icon={CornerDownRight} tone="text-run">A token stands here: it begins next.</Line>;
  const ways = waysInto(document, id, (source) => judging(timeline, source, standing.seq));
  return (
    <section aria-label="Why it did not run" className="flex flex-col gap-2" data-testid="why-not">
      <p className="text-sm">{standing.ended_at ? "It did not run." : "It has not run yet."}{!ways.length && " Nothing leads to it: a run begins here."}</p>
      {ways.map(([way, judged]) => (
        <div key={way.id} className="flex flex-col gap-1">
          <div className="flex items-center gap-1 text-xs">
            <span className="min-w-0 flex-1 truncate">from <NodeLink id={way.source} />, {saysOf(way)}</span>
            <Button look="quiet" className="h-6 px-2 text-xs" onClick={() => model.ask(way.id)}>Why?</Button>
          </div>
          {judged ? <Verdict judged={judged} way={way} /> : <Unjudged way={way} />}
        </div>
      ))}
    </section>
  );
}

/** The ways out of a node, each to be asked about: what a click on its arrow does, for hands on the keyboard. */
export function WaysOut({ id }: { readonly id: string }) {
  const { model } = useRoom();
  const document = useView((view) => view.document)!;
  const standing = useStanding();
  const ways = document.transitions.filter((way) => way.source === id);
  if (!ways.length) return null;
  return (
    <section>
      <GroupTitle>Ways out</GroupTitle>
      <ul className="flex flex-col">
        {ways.map((way) => (
          <li key={way.id} className="flex items-center gap-1.5 text-xs">
            {standing.taken.has(way.id) ? <Check size={12} aria-label="taken" className="shrink-0 text-ok" /> : <Ban size={12} aria-label="not taken" className="shrink-0 text-mute" />}
            <span className="min-w-0 flex-1 truncate">{nameOf(document, way.target)}, {saysOf(way)}</span>
            <Button look="quiet" className="h-6 px-2 text-xs" onClick={() => model.ask(way.id)} aria-label={`Why ${nameOf(document, way.target)}?`}>Why?</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function NodeLink({ id }: { readonly id: string }) {
  const { model } = useRoom();
  const document = useView((view) => view.document)!;
  return <Linked onClick={() => model.inspect(id)}>{nameOf(document, id)}</Linked>;
}

function nameOf(document: WorkflowDocument, id: string): string {
  const node = nodeOf(document, id);
  return node ? titleOf(node) : id;
}

function Line({ Icon, tone, children }: { readonly Icon: LucideIcon; readonly tone: string; readonly children: ReactNode }) {
  return (
    <p className="flex items-start gap-1.5 text-sm">
      <Icon size={14} aria-hidden className={`mt-[3px] shrink-0 ${tone}`} />
      <span className="min-w-0 break-words">{children}</span>
    </p>
  );
}

export function Linked({ onClick, children }: { readonly onClick: () => void; readonly children: ReactNode }) {
  return (
    <button type="button" onClick={onClick} className="max-w-full cursor-pointer break-words text-left text-accent-ink underline decoration-current/40 underline-offset-2 hover:decoration-current">
      {children}
    </button>
  );
}
