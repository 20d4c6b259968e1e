/** Two runs of the room side by side: where they part first, and which values differ. */

import { GitCompare, Equal, X } from "lucide-react";
import { titleOf } from "../../canvas/document/document.ts";
import { StatusBadge } from "../../components/status.tsx";
import { useStore } from "../../canvas/state/use-store.ts";
import type { Difference, Parting } from "../data/compare.ts";
import type { Json } from "../data/event.ts";
import { useRoom, useView } from "./context.ts";
import { GroupTitle, IconButton, Skeleton } from "./kit.tsx";
import { Linked } from "./why.tsx";

export function useCompared() {
  return useStore(useRoom().model.comparing.store, (compared) => compared);
}

export function ComparePanel() {
  const { model } = useRoom();
  const compared = useCompared();
  const run = useView((view) => view.run);
  if (!compared?.comparison || !run) return <Skeleton className="h-24 w-full" />;
  const { parting, differences } = compared.comparison;
  return (
    <div className="flex flex-col gap-3" data-testid="comparison">
      <div className="flex items-center gap-2 text-sm">
        <GitCompare size={15} aria-hidden className="shrink-0 text-mute" />
        <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 gap-y-1">
          <b className="font-semibold">#{run.number}</b> <StatusBadge status={run.status} /> <span className="text-mute">with</span>
          <b className="font-semibold">#{compared.run.number}</b> <StatusBadge status={compared.run.status} />
        </span>
        <IconButton Icon={X} label="Stop comparing" onClick={() => void model.compareWith(null)} />
      </div>
      {parting ? <Parted parting={parting} other={compared.run.number} /> : <Alike hasDifferences={differences.length > 0} />}
      {differences.length > 0 && (
        <section>
          <GroupTitle>{differences.length} differing {differences.length === 1 ? "value" : "values"}</GroupTitle>
          <ul className="flex flex-col divide-y divide-line" data-testid="differences">
            {differences.map((each) => <Row key={`${each.step}/${each.place}/${each.path}`} difference={each} other={compared.run.number} mine={run.number} />)}
          </ul>
        </section>
      )}
    </div>
  );
}

function Alike({ hasDifferences }: { readonly hasDifferences: boolean }) {
  return (
    <p className="flex items-start gap-2 text-sm">
      <Equal size={15} aria-hidden className="mt-0.5 shrink-0 text-ok" />
      {hasDifferences ? "Every step did the same." : "They took the same way, with the same values."}
    </p>
  );
}

function Parted({ parting: { what, node_id: node, here, there }, other }: { readonly parting: Parting; readonly other: number }) {
  const { model } = useRoom();
  const step = here ?? there;
  const sentence = what === "only there" ? `only run #${other} came here` : what === "only here" ? `run #${other} did not come here` : what;
  return (
    <section className="rounded-md border border-accent/50 bg-accent/5 p-2.5" data-testid="parting">
      <p className="text-xs text-mute">They part first at</p>
      <p className="text-sm font-semibold">
        <Linked onClick={() => (here ? model.into(here.step) : model.inspect(node))}>{titleOf({ id: node, name: step?.name })}</Linked>
        {here && <span className="font-normal text-mute"> · step {here.step}</span>}
      </p>
      <p className="text-sm">{sentence[0]!.toUpperCase() + sentence.slice(1)}.</p>
      {what === "went on another way" && <p className="text-xs text-mute">Here to {String(here?.transition?.["target"])}, there to {String(there?.transition?.["target"])}.</p>}
    </section>
  );
}

function Row({ difference, mine, other }: { readonly difference: Difference; readonly mine: number; readonly other: number }) {
  const { model } = useRoom();
  const { place, path, step, node_id: node, here, there } = difference;
  const isStep = step !== null;
  return (
    <li className="py-1.5 font-mono text-xs">
      <p className="break-words text-mute">
        {isStep && <><Linked onClick={() => model.into(step)}>{node}</Linked> </>}
        {place}{path && `${path.startsWith("[") ? "" : "."}${path}`}
      </p>
      <Value number={mine} value={here} />
      <Value number={other} value={there} />
    </li>
  );
}

const LONG = 200;

function Value({ number, value }: { readonly number: number; readonly value: Json | undefined }) {
  const text = value === undefined ? "" : JSON.stringify(value);
  return (
    <p className="flex gap-2">
      <span className="w-8 shrink-0 text-mute">#{number}</span>
      <span className="min-w-0 break-words">{text ? (text.length > LONG ? `${text.slice(0, LONG)}…` : text) : <i className="text-mute">not there</i>}</span>
    </p>
  );
}
