/** What every node may carry, whatever its type: where its output goes, how long and how often it is tried, what it remembers. */

import type { Json, JsonObject, WorkflowNode } from "../document/document.ts";
import { keyFault } from "../document/identifiers.ts";
import { patchNode, renameOutput, type NodePatch } from "../document/operations.ts";
import { under, type LocalProblem } from "../document/problems.ts";
import { fieldsOf, type Field } from "../document/schema.ts";
import type { NodeType } from "../state/catalogue.ts";
import type { Editor } from "../state/editor.ts";
import { AppliedField } from "./applied.tsx";
import { Pairs } from "./collection-fields.tsx";
import { FieldFrame } from "./field-frame.tsx";
import { Group } from "./parts.tsx";
import { isObject, withKey } from "./reading.ts";
import { SchemaField } from "./schema-field.tsx";

type Props = {
  readonly editor: Editor;
  readonly node: WorkflowNode;
  readonly type: NodeType | undefined;
  readonly problems: readonly LocalProblem[];
};

type CommonKey = "save_as" | "timeout_s" | "disabled" | "retry" | "remember";

/** Which of them mean something for a type; the others are shown only when they are set. */
const MEANT: Readonly<Record<string, readonly CommonKey[]>> = {
  START: [],
  END: [],
  DECISION: ["remember"],
  PARALLEL: ["save_as", "remember"],
  WAIT: ["save_as", "timeout_s", "disabled", "remember"],
};
const ALL: readonly CommonKey[] = ["save_as", "timeout_s", "disabled", "retry", "remember"];

export function commonKeys(node: WorkflowNode): readonly CommonKey[] {
  const meant = MEANT[node.type] ?? ALL;
  return ALL.filter((key) => meant.includes(key) || node[key] !== undefined);
}

export function CommonFields(props: Props) {
  const { node, type } = props;
  const keys = commonKeys(node);
  const fields = new Map(fieldsOf(type?.common).map((field) => [field.key, field]));
  const shown = (key: CommonKey): Field | undefined => (keys.includes(key) ? fields.get(key) : undefined);
  const [saveAs, timeout, disabled, retry, remember] = ALL.map(shown);
  return (
    <>
      {(saveAs || timeout || disabled) && (
        <Group title="Output & flow">
          {saveAs && <SaveAs {...props} field={saveAs} />}
          {timeout && <Plain {...props} field={timeout} />}
          {disabled && <Plain {...props} field={disabled} />}
        </Group>
      )}
      {retry && <Retry {...props} field={retry} />}
      {remember && <Remember {...props} field={remember} />}
    </>
  );
}

type FieldProps = Props & { readonly field: Field };

function patch({ editor, node, field }: FieldProps, value: Json | undefined): void {
  editor.edit((document) => patchNode(document, node.id, { [field.key]: value } as NodePatch), `node:${node.id}:${field.key}`);
}

function SaveAs({ editor, node, field, problems }: FieldProps) {
  return (
    <AppliedField
      label={field.label}
      help={`The output, in expressions: vars.${node.save_as ?? node.id}`}
      problems={under(problems, ["save_as"])}
      placeholder={node.id}
      value={node.save_as ?? ""}
      faultOf={(name) => (name ? keyFault(name) : null)}
      onApply={(name) => editor.edit((document) => renameOutput(document, node.id, name || undefined))}
    />
  );
}

function Plain(props: FieldProps) {
  const { node, field, problems } = props;
  return (
    <SchemaField
      field={field}
      value={node[field.key as "timeout_s" | "disabled"]}
      problems={under(problems, [field.key])}
      path={[field.key]}
      isTemplate={false}
      onChange={(value) => patch(props, value)}
    />
  );
}

const THREE_TRIES: JsonObject = { max_attempts: 3, initial_delay_s: 1, multiplier: 2, max_delay_s: 60 };

function Retry(props: FieldProps) {
  const { node, field, problems } = props;
  const { retry } = node;
  const wrong = under(problems, ["retry"]);
  const inner = field.fields;
  return (
    <Group title="Retry" isOpen={retry !== undefined} hint={retry ? `${String(retry["max_attempts"] ?? 1)} attempts` : "off"}>
      <FieldFrame label="Try again after a failure" problems={wrong.filter(({ at }) => !inner.some(({ key }) => key === at[1]))} isTick>
        {(control) => <input {...control} type="checkbox" checked={retry !== undefined} onChange={({ target }) => patch(props, target.checked ? THREE_TRIES : undefined)} />}
      </FieldFrame>
      {retry &&
        inner.map((each) => (
          <SchemaField
            key={each.key}
            field={each}
            value={retry[each.key]}
            problems={under(wrong, ["retry", each.key])}
            path={["retry", each.key]}
            isTemplate={false}
            onChange={(value) => patch(props, withKey(retry, each.key, value) ?? {})}
          />
        ))}
    </Group>
  );
}

function Remember(props: FieldProps) {
  const { node, field, problems } = props;
  const count = Object.keys(node.remember ?? {}).length;
  return (
    <Group title="Remember" isOpen={count > 0} hint={count ? String(count) : "nothing"}>
      <Pairs
        title="Room memory"
        help={field.help}
        value={isObject(node.remember) ? node.remember : {}}
        mode="expression"
        problems={under(problems, ["remember"])}
        keyFault={keyFault}
        onChange={(value) => patch(props, value)}
      />
    </Group>
  );
}
