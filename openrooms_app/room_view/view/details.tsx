/** What there is to tell of the node, step or transition that is pointed at, at the moment looked at. */

import { MousePointerClick } from "lucide-react";
import { nodeOf, titleOf } from "../../canvas/document/document.ts";
import { TypeTile } from "../../canvas/icons.tsx";
import { typeOf } from "../../canvas/state/catalogue.ts";
import type { Step } from "../data/steps.ts";
import { useRoom, useStanding, useView } from "./context.ts";
import { Notice } from "./kit.tsx";
import { StepDetail } from "./step-detail.tsx";
import { NodeWhyNot, WaysOut, WayWhy } from "./why.tsx";

export function Details() {
  const way = useView((view) => view.way);
  const node = useView((view) => view.node);
  const isThere = useView((view) => view.document !== null);
  if (!isThere || (way === null && node === null)) {
    return <Notice Icon={MousePointerClick} title="Nothing is chosen">Click a node to see what it did, or an arrow to see why it was taken or not.</Notice>;
  }
  return <div data-testid="details">{way !== null ? <WayWhy id={way} /> : <NodeDetails id={node!} />}</div>;
}

function NodeDetails({ id }: { readonly id: string }) {
  const document = useView((view) => view.document)!;
  const catalogue = useView((view) => view.catalogue);
  const chosen = useView((view) => view.step);
  const standing = useStanding();
  const node = nodeOf(document, id);
  const steps = standing.steps.lastOf(id, CHOICES);
  const own = chosen === null ? undefined : standing.steps.get(chosen);
  const step = own?.node_id === id ? own : steps.at(-1);
  return (
    <div className="flex flex-col gap-3">
      <div className="flex items-center gap-2">
        {node && <TypeTile type={node.type} icon={typeOf(catalogue, node.type)?.icon ?? "box"} />}
        <div className="min-w-0 flex-1">
          <h2 className="truncate text-sm font-semibold">{node ? titleOf(node) : id}</h2>
          {node && <p className="truncate text-xs text-mute">{typeOf(catalogue, node.type)?.title ?? node.type}</p>}
        </div>
        {step && steps.length > 1 && <WhichStep steps={steps} step={step} />}
      </div>
      {step ? <StepDetail key={step.step} step={step} until={standing.seq} /> : <NodeWhyNot id={id} />}
      <WaysOut id={id} />
    </div>
  );
}

/** The last times through a node that can be chosen; the timeline has them all. */
const CHOICES = 50;

function WhichStep({ steps, step }: { readonly steps: readonly Step[]; readonly step: Step }) {
  const { model } = useRoom();
  return (
    <select value={step.step} aria-label="Which time" onChange={(event) => model.into(Number(event.target.value))}
      className="h-7 max-w-40 rounded-md border border-line bg-panel px-1.5 text-xs">
      {(steps.includes(step) ? steps : [step, ...steps]).map((each) => (
        <option key={each.step} value={each.step}>step {each.step}{each.branch && ` (${each.branch})`}: {each.status}</option>
      ))}
    </select>
  );
}
