/** The workflow itself, shown while nothing is selected: its name, its input, the limits of a run. */

import { useMemo } from "react";
import { Workflow } from "lucide-react";
import type { Json, JsonObject, WorkflowDocument } from "../document/document.ts";
import { patchHead, type HeadPatch } from "../document/operations.ts";
import { problemsAt, under, type LocalProblem } from "../document/problems.ts";
import { fieldsOf } from "../document/schema.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { FieldFrame, Findings } from "./field-frame.tsx";
import { InputSchema } from "./input-schema.tsx";
import { Group, Header } from "./parts.tsx";
import { withKey } from "./reading.ts";
import { SchemaField } from "./schema-field.tsx";
import { UnknownFields } from "./unknown-fields.tsx";

/** The same bounds as the format's. */
const LIMITS: JsonObject = {
  properties: {
    max_steps: { type: "integer", minimum: 1, maximum: 10_000_000, description: "steps of one run" },
    max_duration_s: { type: "number", exclusiveMinimum: 0, maximum: 31_622_400, description: "time of one run, its waits included" },
    max_tokens: { type: "integer", minimum: 1, maximum: 1_000_000_000, description: "tokens its agents read and write" },
    max_cost_usd: { type: "number", minimum: 0, maximum: 1_000_000, description: "what its agents may cost" },
  },
};
const SHOWN: ReadonlySet<string> = new Set(["name", "description", "input_schema", "limits"]);

type Props = { readonly editor: Editor; readonly document: WorkflowDocument };

export function WorkflowInspector({ editor, document }: Props) {
  const all = useStore(editor.store, (state) => state.problems);
  const problems = useMemo(() => problemsAt(all, document, {}), [all, document]);
  const patch = (part: HeadPatch): void => editor.edit((before) => patchHead(before, part), `workflow:${Object.keys(part).join()}`);
  return (
    <>
      <Header
        icon={<span className="oc-tile oc-tile-square"><Workflow size={16} aria-hidden /></span>}
        title={document.name || "Workflow"}
        detail={`${document.nodes.length} nodes, ${document.transitions.length} transitions`}
      />
      <Findings problems={problems.filter(({ at }) => !SHOWN.has(at[0] ?? ""))} />
      <div className="oi-fields">
        <FieldFrame label="Name" isRequired problems={under(problems, ["name"])}>
          {(control) => (
            <input {...control} className="oi-input" type="text" autoComplete="off" maxLength={200} value={document.name} onChange={({ target }) => patch({ name: target.value })} />
          )}
        </FieldFrame>
        <FieldFrame label="Description" problems={under(problems, ["description"])}>
          {(control) => (
            <textarea
              {...control}
              className="oi-area"
              rows={3}
              maxLength={10_000}
              value={document.description ?? ""}
              onChange={({ target }) => patch({ description: target.value || undefined })}
            />
          )}
        </FieldFrame>
      </div>
      <InputSchema schema={document.input_schema} problems={under(problems, ["input_schema"])} onChange={(schema) => patch({ input_schema: schema })} />
      <Limits editor={editor} limits={document.limits ?? {}} problems={under(problems, ["limits"])} />
    </>
  );
}

type LimitsProps = { readonly editor: Editor; readonly limits: JsonObject; readonly problems: readonly LocalProblem[] };

function Limits({ editor, limits, problems }: LimitsProps) {
  const defaults = useStore(editor.store, (state) => state.catalogue.limits);
  const fields = fieldsOf(LIMITS);
  const unknown = Object.keys(limits).filter((key) => !fields.some((field) => field.key === key));
  const change = (key: string, value: Json | undefined): void =>
    editor.edit((before) => patchHead(before, { limits: withKey(before.limits ?? {}, key, value) }), `limits:${key}`);
  return (
    <Group title="Limits of a run">
      <Findings problems={problems.filter(({ at }) => at.length < 2)} />
      {fields.map((field) => (
        <SchemaField
          key={field.key}
          field={{ ...field, initial: defaults[field.key] }}
          value={limits[field.key]}
          problems={under(problems, ["limits", field.key])}
          path={["limits", field.key]}
          isTemplate={false}
          onChange={(value) => change(field.key, value)}
        />
      ))}
      <UnknownFields keys={unknown} values={limits} problems={problems} path={["limits"]} onChange={change} />
    </Group>
  );
}
