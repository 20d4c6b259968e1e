/** What a WAIT waits for: one of three, each with its own fields. */

import { useState, type ReactNode } from "react";
import type { WorkflowNode } from "../document/document.ts";
import { patchNode } from "../document/operations.ts";
import type { Field } from "../document/schema.ts";
import type { Editor } from "../state/editor.ts";
import { FieldFrame } from "./field-frame.tsx";
import { isAbsent } from "./reading.ts";

const REASONS: Readonly<Record<string, string>> = {
  duration_s: "Some time",
  until: "A point in time",
  signal: "A signal from a person or a program",
};
/** Fields that mean something with a signal only. */
const OF_SIGNAL: ReadonlySet<string> = new Set(["form_schema", "message"]);

type Props = {
  readonly editor: Editor;
  readonly node: WorkflowNode;
  readonly fields: readonly Field[];
  readonly show: (field: Field) => ReactNode;
};

export function WaitFields({ editor, node, fields, show }: Props) {
  const given = Object.keys(REASONS).filter((key) => !isAbsent(node.config[key]));
  const [wished, setWished] = useState(given[0] ?? "duration_s");
  const reason = given.length && !given.includes(wished) ? given[0]! : wished;
  const choose = (next: string): void => {
    setWished(next);
    editor.edit((document) => patchNode(document, node.id, { config: without(node, next) }));
  };
  const isShown = ({ key }: Field): boolean => {
    if (!isAbsent(node.config[key])) return true;
    if (key in REASONS) return key === reason;
    return !OF_SIGNAL.has(key) || reason === "signal";
  };
  return (
    <>
      <FieldFrame label="Wait for">
        {(control) => (
          <select {...control} className="oi-input" value={reason} onChange={({ target }) => choose(target.value)}>
            {Object.entries(REASONS).map(([key, words]) => <option key={key} value={key}>{words}</option>)}
          </select>
        )}
      </FieldFrame>
      {fields.filter(isShown).map(show)}
    </>
  );
}

/** The settings without those of the other reasons. */
function without({ config }: WorkflowNode, reason: string): WorkflowNode["config"] {
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => (key in REASONS ? key === reason : reason === "signal" || !OF_SIGNAL.has(key))),
  );
}
