/** What there is to say of a run in numbers. */

import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { Check, Copy } from "lucide-react";
import { Duration, RelativeTime } from "../../components/time.tsx";
import { useShown, useView } from "../view/context.ts";
import { copy } from "../view/kit.tsx";

export function RunFacts() {
  const run = useView((view) => view.run)!;
  const { timeline } = useShown();
  const tokens = timeline.now.used.tokens || run.tokens;
  const cost = timeline.now.used.cost_usd || run.cost_usd;
  const end = timeline.now.ended_at ?? run.ended_at;
  const began = timeline.now.started_at ?? run.started_at;
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-1.5 border-b border-line bg-panel px-4 py-2 text-sm" data-testid="run-facts">
      <Fact name="Started"><RelativeTime at={began ?? ""} absolute none="not yet" /></Fact>
      <Fact name="Took"><Duration ms={began && end ? new Date(end).getTime() - new Date(began).getTime() : null} since={end ? null : began} /></Fact>
      <Fact name="Steps">{Math.max(timeline.now.steps.size, run.steps).toLocaleString()}</Fact>
      <Fact name="Events">{Math.max(timeline.log.last, run.seq).toLocaleString()}</Fact>
      <Fact name="Tokens">{tokens.toLocaleString()}</Fact>
      <Fact name="Cost">{cost ? `$${cost.toFixed(4)}` : "–"}</Fact>
      {run.retry_of && <Fact name="Retry of"><Link to={`/runs/${run.retry_of}`} className="text-accent-ink hover:underline">an earlier run</Link></Fact>}
      {run.fingerprint && <Fact name="Fingerprint"><Fingerprint text={run.fingerprint} /></Fact>}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="flex items-baseline gap-1.5">
      <dt className="text-xs text-mute">{name}</dt>
      <dd className="font-medium">{children}</dd>
    </div>
  );
}

function Fingerprint({ text }: { readonly text: string }) {
  const [isDone, setDone] = useState(false);
  const onClick = async (): Promise<void> => {
    if (!(await copy(text))) return;
    setDone(true);
    setTimeout(() => setDone(false), 1_000);
  };
  const Icon = isDone ? Check : Copy;
  return (
    <button type="button" title={`${text}\nCopy`} onClick={() => void onClick()} className="inline-flex cursor-pointer items-center gap-1 font-mono text-xs font-normal hover:text-accent-ink">
      {text.slice(0, 12)}…
      <Icon size={12} aria-hidden />
    </button>
  );
}
