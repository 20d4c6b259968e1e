/** A node's settings: a form generated from its type's schema, with better controls where a choice is known. */

import type { ComponentType } from "react";
import type { Json, JsonObject, WorkflowNode } from "../document/document.ts";
import { setConfigField } from "../document/operations.ts";
import { under, type LocalProblem } from "../document/problems.ts";
import { fieldsOf, type Field } from "../document/schema.ts";
import type { Catalogue, NodeType } from "../state/catalogue.ts";
import type { Editor } from "../state/editor.ts";
import { AgentField, AgentVersionField } from "./agent-choice.tsx";
import { ModelField, ProviderField, ToolsField } from "./agent-fields.tsx";
import type { ConfigFieldProps } from "./field-props.ts";
import { Group } from "./parts.tsx";
import { isObject } from "./reading.ts";
import { PolicyField } from "./policy-field.tsx";
import { SchemaField } from "./schema-field.tsx";
import { ArgumentFields, ToolField } from "./tool-fields.tsx";
import { UnknownFields } from "./unknown-fields.tsx";
import { WaitFields } from "./wait-fields.tsx";

const OWN_CONTROLS: Readonly<Record<string, Readonly<Record<string, ComponentType<ConfigFieldProps>>>>> = {
  AGENT_TASK: { agent: AgentField, agent_version: AgentVersionField, provider: ProviderField, model: ModelField, tools: ToolsField, policy: PolicyField },
  TOOL_EXECUTION: { tool: ToolField, arguments: ArgumentFields },
};

/** The fields that a node's form shows, so that their problems stand beside them. */
export function configFields(type: NodeType | undefined): readonly Field[] {
  return fieldsOf(type?.params);
}

type Props = {
  readonly editor: Editor;
  readonly node: WorkflowNode;
  readonly type: NodeType | undefined;
  readonly catalogue: Catalogue;
  readonly problems: readonly LocalProblem[];
};

export function ConfigForm({ editor, node, type, catalogue, problems }: Props) {
  const fields = configFields(type);
  const change = (key: string, value: Json | undefined): void =>
    editor.edit((document) => setConfigField(document, node.id, key, value), `config:${node.id}:${key}`);
  const one = (field: Field) => {
    const Control = OWN_CONTROLS[node.type]?.[field.key] ?? SchemaField;
    const props = {
      field,
      value: node.config[field.key],
      problems: under(problems, ["config", field.key]),
      path: ["config", field.key],
      isTemplate: takesTemplates(type, field.key),
      onChange: (value: Json | undefined) => change(field.key, value),
    };
    return <Control key={field.key} {...props} node={node} catalogue={catalogue} />;
  };
  const unknown = Object.keys(node.config).filter((key) => !fields.some((field) => field.key === key));
  if (!fields.length && !unknown.length) return null;
  return (
    <Group title="Settings">
      {node.type === "WAIT" ? <WaitFields editor={editor} node={node} fields={fields} show={one} /> : fields.map(one)}
      <UnknownFields keys={unknown} values={node.config} problems={problems} path={["config"]} onChange={change} />
    </Group>
  );
}

function takesTemplates(type: NodeType | undefined, key: string): boolean {
  const property = ((type?.params["properties"] ?? {}) as JsonObject)[key];
  return isObject(property) && property["template"] === true;
}
