/** Trying a node out: a run that ends here, the node alone, and an output pinned for trials. */

import { CirclePlay, Pin, PinOff, StepForward } from "lucide-react";
import { titleOf, type WorkflowNode } from "../document/document.ts";
import { canPin, canTry, pinFault } from "../document/trial.ts";
import type { Editor } from "../state/editor.ts";
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
    <Group title="Try out" hint={isPinned && canPin(node) ? "pinned" : ""}>
      <div className="oi-actions">
        <TextButton Icon={StepForward} disabled={!isPublished} title={title} data-testid="run-until" onClick={() => askRun(editor, { kind: "until", node: node.id })}>Run until here</TextButton>
        {canTry(node, "only") && (
          <TextButton Icon={CirclePlay} disabled={!isPublished} title={title} data-testid="run-alone" onClick={() => askRun(editor, { kind: "only", node: node.id })}>Run alone</TextButton>
        )}
      </div>
      {canPin(node) && (isPinned ? <Pinned editor={editor} node={node} /> : <PinIt editor={editor} node={node} />)}
    </Group>
  );
}

function PinIt({ editor, node }: Props) {
  const last = useStore(editor.runs.latest, (run) => run?.steps.get(node.id));
  const hasOutput = last?.status === "done" || last?.status === "pinned";
  return (
    <div className="oi-actions">
      {hasOutput && <TextButton Icon={Pin} title={`What it gave in run ${last.runNumber}`} data-testid="pin-last" onClick={() => pinLast(editor, node.id)}>Pin its last output</TextButton>}
      <TextButton Icon={Pin} data-testid="pin-own" onClick={() => pin(editor, node.id, null)}>{hasOutput ? "Pin another" : "Pin an output"}</TextButton>
    </div>
  );
}

const OUTPUT_SHAPE: Shape = {
  ...JSON_SHAPE,
  read: (text) => (text.trim() ? JSON_SHAPE.read(text) : { fault: "An output is JSON; none is null." }),
};

function Pinned({ editor, node }: Props) {
  const output = useStore(editor.pins.store, (pins) => pins[node.id]!);
  const buffer = useBuffer(output, OUTPUT_SHAPE, (value) => value !== undefined && pin(editor, node.id, value));
  return (
    <>
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
      <TextButton Icon={PinOff} data-testid="unpin" onClick={() => unpin(editor, node.id)}>Unpin</TextButton>
    </>
  );
}
