/** Trying a node out: a run that ends here, the node alone, an output pinned for trials; and what it gave last. */

import { CirclePlay, Pin, PinOff, StepForward } from "lucide-react";
import { JsonTree } from "../../components/json-tree.tsx";
import { titleOf, variableOf, type WorkflowNode } from "../document/document.ts";
import { canPin, canTry, pinFault } from "../document/trial.ts";
import type { Editor } from "../state/editor.ts";
import type { LastStep } from "../state/last-run.ts";
import { askRun, pin, pinLast, unpin } from "../state/trying.ts";
import { useStore } from "../state/use-store.ts";
import { FieldFrame } from "./field-frame.tsx";
import { Group, TextButton } from "./parts.tsx";
import { JSON_SHAPE } from "./reading.ts";
import { useBuffer, type Shape } from "./use-buffer.ts";

type Props = { readonly editor: Editor; readonly node: WorkflowNode };

export function TryOut({ editor, node }: Props) {
  const isPinned = useStore(editor.pins.store, (pins) => Object.hasOwn(pins, node.id));
  const isPublished = useStore(editor.store, (state) => state.latestVersion !== null);
  if (!canTry(node, "until")) return null;
  const title = isPublished ? undefined : "Publish first: only versions run";
  return (
    <>
      <div className="oi-actions is-row">
        <TextButton Icon={StepForward} disabled={!isPublished} title={title} data-testid="run-until" onClick={() => askRun(editor, { kind: "until", node: node.id })}>Run until here</TextButton>
        {canTry(node, "only") && (
          <TextButton Icon={CirclePlay} disabled={!isPublished} title={title} data-testid="run-alone" onClick={() => askRun(editor, { kind: "only", node: node.id })}>Run alone</TextButton>
        )}
        {canPin(node) && <PinButton editor={editor} node={node} isPinned={isPinned} />}
      </div>
      {isPinned && canPin(node) && <Pinned editor={editor} node={node} />}
    </>
  );
}

function PinButton({ editor, node, isPinned }: Props & { readonly isPinned: boolean }) {
  if (isPinned) return <TextButton Icon={PinOff} data-testid="unpin" onClick={() => unpin(editor, node.id)}>Unpin</TextButton>;
  return (
    <TextButton Icon={Pin} title="Give it a fixed output in trials: the last one, or one of your own" data-testid="pin" onClick={() => pinLast(editor, node.id) || pin(editor, node.id, null)}>
      Pin
    </TextButton>
  );
}

const OUTPUT_SHAPE: Shape = {
  ...JSON_SHAPE,
  read: (text) => (text.trim() ? JSON_SHAPE.read(text) : { fault: "An output is JSON; none is null." }),
};

function Pinned({ editor, node }: Props) {
  const output = useStore(editor.pins.store, (pins) => pins[node.id]!);
  const buffer = useBuffer(output, OUTPUT_SHAPE, (value) => value !== undefined && pin(editor, node.id, value), ["pinned"]);
  return (
    <FieldFrame
      label="Pinned output"
      help={`In a trial ${titleOf(node)} gives this and is not executed. It is kept in this browser; published versions and ordinary runs know nothing of it.`}
      fault={buffer.fault || pinFault(node, output)}
    >
      {(control) => (
        <textarea {...control} className="oi-area is-code" rows={3} spellCheck={false} value={buffer.text} data-testid="pinned-output"
          onChange={({ target }) => buffer.type(target.value)} onBlur={buffer.settle} />
      )}
    </FieldFrame>
  );
}

/** How the node fared in the latest run, and what it gave: open while that run is painted on the canvas. */
export function LastOutput({ editor, node }: Props) {
  const step = useStore(editor.runs.latest, (run) => run?.steps.get(node.id));
  const isPainted = useStore(editor.runs.watched, (run) => run !== null && run.id === step?.runId);
  if (!step || step.status === "running") return null;
  const name = node.type === "END" || node.type === "START" ? "" : `vars.${variableOf(node)}`;
  return (
    <Group title={`Run ${step.runNumber}`} hint={inWords(step)} isOpen={isPainted}>
      <div className="oi-output" data-testid="last-output">
        {step.error ? <p className="oi-finding is-error">{step.error}</p> : <JsonTree value={step.output} {...(name && { name })} open={2} />}
      </div>
    </Group>
  );
}

function inWords({ status, took_s: took, count }: LastStep): string {
  const time = took === undefined ? "" : took < 1 ? `${Math.round(took * 1000)} ms` : `${took.toFixed(1)} s`;
  return [status, time, count > 1 ? `${count} times, the last` : ""].filter(Boolean).join(" · ");
}
