/** The run's steps: what each was given, what it gave, how long it took and when. */

import { Fragment, memo, useEffect, useRef, useState } from "react";
import { ChevronRight, ListTree } from "lucide-react";
import { titleOf } from "../../canvas/document/document.ts";
import { Duration, useNow } from "../../components/time.tsx";
import { spellBranch } from "../data/fold.ts";
import type { Step } from "../data/steps.ts";
import { useShown, useView } from "../view/context.ts";
import { Bars } from "../view/gantt.tsx";
import { Button, Notice } from "../view/kit.tsx";
import { StepBadge, StepDetail } from "../view/step-detail.tsx";
import { clock, instant, whole } from "../view/when.ts";

const FIRST = 200;

export function StepsTable() {
  const { timeline } = useShown();
  const [asked, setCount] = useState(FIRST);
  const chosen = useView((view) => view.step);
  const { steps, started_at: began, ended_at: ended } = timeline.now;
  const now = useNow(ended === null);
  if (!steps.size) return <Notice Icon={ListTree} title="No step has begun">Each step appears here when it is entered.</Notice>;
  const from = instant(began ?? "") || 0;
  const to = ended ? instant(ended) : now;
  const count = Math.max(asked, chosen === null ? 0 : steps.placeOf(chosen) + 1);
  const shown = steps.slice(0, count);
  return (
    <>
      <table className="w-full border-collapse text-sm" aria-label="Steps" data-testid="steps">
        <thead className="sticky top-0 z-10 bg-panel">
          <tr className="h-8 border-b border-line text-left text-xs text-mute">
            <th scope="col" className="w-14 pl-4 font-medium">Step</th>
            <th scope="col" className="px-2 font-medium">Node</th>
            <th scope="col" className="px-2 font-medium">Status</th>
            <th scope="col" className="hidden px-2 font-medium md:table-cell">Began</th>
            <th scope="col" className="px-2 text-right font-medium max-md:pr-4">Took</th>
            <th scope="col" className="hidden px-2 text-right font-medium max-lg:pr-4 md:table-cell">Tokens</th>
            <th scope="col" className="hidden w-1/3 px-4 font-medium lg:table-cell">When</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((step) => <StepRow key={step.step} step={step} state={`${step.status} ${step.attempt} ${step.ended_at ?? ""} ${step.tokens}`} from={from} to={to} isChosen={step.step === chosen} />)}
        </tbody>
      </table>
      {steps.size > count && (
        <div className="p-3 text-center"><Button onClick={() => setCount(count * 3)}>{(steps.size - count).toLocaleString()} more steps</Button></div>
      )}
    </>
  );
}

type RowProps = { readonly step: Step; readonly state: string; readonly from: number; readonly to: number; readonly isChosen: boolean };

/** A step is changed in place: `state` tells when it has to be drawn anew. */
const StepRow = memo(function StepRow({ step, from, to, isChosen }: RowProps) {
  const [isOpen, setOpen] = useState(false);
  const row = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (!isChosen) return;
    setOpen(true);
    row.current!.scrollIntoView({ block: "center" });
  }, [isChosen]);
  return (
    <Fragment>
      <tr ref={row} className="h-9 cursor-pointer border-b border-line hover:bg-hover/60" onClick={() => setOpen(!isOpen)} data-testid={`step-${step.step}`}>
        <td className="pl-2">
          <button type="button" aria-expanded={isOpen} aria-label={`Step ${step.step}`} className="flex cursor-pointer items-center gap-1 font-mono text-xs text-mute">
            <ChevronRight size={13} aria-hidden className={`transition-transform ${isOpen ? "rotate-90" : ""}`} />
            {step.step}
          </button>
        </td>
        <td className="max-w-56 px-2">
          <span className="block truncate">
            {titleOf({ id: step.node_id, name: step.name })}
            {step.branch && <span className="ml-1.5 rounded bg-hover px-1 font-mono text-2xs text-mute" title={spellBranch(step.branch)}>{step.branch}</span>}
            {step.attempt > 1 && <span className="ml-1.5 text-xs text-mute">attempt {step.attempt}</span>}
          </span>
        </td>
        <td className="px-2"><StepBadge status={step.status} /></td>
        <td className="hidden px-2 font-mono text-xs text-mute md:table-cell" title={whole(step.started_at)}>{clock(step.started_at)}</td>
        <td className="px-2 text-right text-xs tabular-nums max-md:pr-4"><Duration ms={step.duration_ms} since={step.ended_at || step.duration_ms !== null ? null : step.started_at} /></td>
        <td className="hidden px-2 text-right text-xs tabular-nums max-lg:pr-4 md:table-cell">{step.tokens ? step.tokens.toLocaleString() : ""}</td>
        <td className="hidden px-4 lg:table-cell"><Bars step={step} from={from} to={to} until={Infinity} /></td>
      </tr>
      {isOpen && (
        <tr className="border-b border-line bg-bg">
          <td colSpan={7} className="max-w-0 px-4 py-2"><StepDetail step={step} until={Infinity} /></td>
        </tr>
      )}
    </Fragment>
  );
});
