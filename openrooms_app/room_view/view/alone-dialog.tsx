/** Asks with what a step's node is to run alone: the variables as the step had them, the input of its run. */

import { useEffect, useState } from "react";
import { Dialog } from "../../components/overlays.tsx";
import { SchemaForm } from "../../components/schema-form.tsx";
import { nodeOf, titleOf, type WorkflowNode } from "../../canvas/document/document.ts";
import { beginningWith } from "../../canvas/document/trial.ts";
import { Executed, VarsField, varsIn } from "../../canvas/panels/run-parts.tsx";
import { api } from "../data/api.ts";
import type { Json, JsonObject } from "../data/event.ts";
import type { Step } from "../data/steps.ts";
import { useRoom, useView } from "./context.ts";
import { Button, Skeleton } from "./kit.tsx";

type Asked = { readonly node: WorkflowNode | undefined; readonly version: number; readonly schema: JsonObject | null; readonly vars: string };
type Props = { readonly step: Step; readonly onClose: () => void };

export function AloneDialog({ step, onClose }: Props) {
  const asked = useAsked(step);
  const name = asked?.node ? titleOf(asked.node) : (step.name ?? step.node_id);
  return (
    <Dialog open title={`Run ${name} alone`} description="A trial: a run of this node and no other, marked as one." onOpenChange={(open) => !open && onClose()}>
      {!asked && <Skeleton className="h-24 w-full" />}
      {asked && !asked.node && <p role="alert" className="text-sm text-fail">The version that would run now has no node {step.node_id}.</p>}
      {asked?.node && <Form asked={asked} node={asked.node} onClose={onClose} />}
    </Dialog>
  );
}

function Form({ asked, node, onClose }: { readonly asked: Asked; readonly node: WorkflowNode; readonly onClose: () => void }) {
  const { model, goTo } = useRoom();
  const catalogue = useView((view) => view.catalogue);
  const isBusy = useView((view) => view.doing !== null);
  const [vars, setVars] = useState(asked.vars);
  const [fault, setFault] = useState<string | null>(null);
  const run = async (input: Json | undefined): Promise<void> => {
    const found = varsIn(vars);
    if (typeof found === "string") return setFault(found);
    const refused = await model.start(input, { hasForm: true, trial: { only: node.id, vars: found } });
    setFault(refused);
    if (refused !== null) return undefined;
    onClose();
    return goTo(null);
  };
  const rest = (
    <>
      <VarsField text={vars} onChange={setVars} />
      <Executed node={node} version={asked.version} catalogue={catalogue} />
      <div className="flex justify-end gap-2 pt-1">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="solid" isBusy={isBusy} data-testid="run-alone">Run alone</Button>
      </div>
    </>
  );
  if (asked.schema) return <SchemaForm schema={asked.schema} isDisabled={isBusy} fault={fault} onSend={(input) => void run(input)}>{rest}</SchemaForm>;
  return (
    <form className="flex flex-col gap-3" onSubmit={(event) => (event.preventDefault(), void run(undefined))}>
      {fault && <p role="alert" className="text-xs text-fail">{fault}</p>}
      {rest}
    </form>
  );
}

/** The node as the next run would have it, and what the step had. */
function useAsked(step: Step): Asked | null {
  const { model } = useRoom();
  const run = useView((view) => view.run)!;
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => {
    let isOpen = true;
    void Promise.all([model.nextVersion(), api.varsAt(run.id, step.step)]).then(([next, vars]) => {
      if (!isOpen) return;
      const document = next?.document;
      const schema = document?.input_schema && Object.keys(document.input_schema).length ? document.input_schema : null;
      setAsked({
        node: document && nodeOf(document, step.node_id),
        version: next?.version ?? 0,
        schema: beginningWith(schema, run.input),
        vars: JSON.stringify(vars ?? {}, null, 2),
      });
    });
    return () => {
      isOpen = false;
    };
  }, [model, run.id, step.step]);
  return asked;
}
