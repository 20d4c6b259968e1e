/** Which tool a step calls, and its arguments as the tool's own form, where an expression may stand for any value. */

import type { Json } from "../document/document.ts";
import { under } from "../document/problems.ts";
import { fieldsOf, labelOf } from "../document/schema.ts";
import { toolOf, type Tool } from "../state/catalogue.ts";
import { firstLine } from "./agent-fields.tsx";
import { FieldSet } from "./collection-fields.tsx";
import { FieldFrame } from "./field-frame.tsx";
import { frameOf, type ConfigFieldProps } from "./field-props.ts";
import { isAbsent, isObject, plain, withKey } from "./reading.ts";
import { JsonField } from "./scalar-fields.tsx";
import { SchemaField } from "./schema-field.tsx";
import { UnknownFields } from "./unknown-fields.tsx";

export function ToolField(props: ConfigFieldProps) {
  const { value, catalogue, onChange } = props;
  const name = plain(value);
  const chosen = toolOf(catalogue, name);
  const categories = [...new Set(catalogue.tools.map((tool) => tool.category))];
  return (
    <FieldFrame {...frameOf(props)} help={chosen?.description ?? props.field.help}>
      {(control) => (
        <select {...control} className="oi-input" value={name} onChange={({ target }) => onChange(target.value || undefined)}>
          <option value="">Choose …</option>
          {name && !chosen && <option value={name}>{name} (not installed)</option>}
          {categories.map((category) => (
            <optgroup key={category} label={labelOf(category) || "Tools"}>
              {catalogue.tools.filter((tool) => tool.category === category).map(option)}
            </optgroup>
          ))}
        </select>
      )}
    </FieldFrame>
  );
}

function option({ name, title, description }: Tool) {
  return <option key={name} value={name} title={firstLine(description)}>{title}</option>;
}

export function ArgumentFields(props: ConfigFieldProps) {
  const { field, value, problems, path, node, catalogue, onChange } = props;
  const tool = toolOf(catalogue, node.config["tool"]);
  if (!tool || (!isAbsent(value) && !isObject(value))) return <JsonField {...props} />;
  const values = isObject(value) ? value : {};
  const fields = fieldsOf(tool.parameters);
  const unknown = Object.keys(values).filter((key) => !fields.some((each) => each.key === key));
  const shown = new Set([...fields.map(({ key }) => key), ...unknown]);
  const change = (key: string, inner: Json | undefined): void => onChange(withKey(values, key, inner));
  if (!shown.size) return null;
  return (
    <FieldSet title={field.label} problems={problems.filter(({ at }) => !shown.has(at[path.length] ?? ""))}>
      {fields.map((each) => (
        <SchemaField
          key={`${tool.name} ${each.key}`}
          field={each}
          value={values[each.key]}
          problems={under(problems, [...path, each.key])}
          path={[...path, each.key]}
          isTemplate
          onChange={(inner) => change(each.key, inner)}
        />
      ))}
      <UnknownFields keys={unknown} values={values} problems={problems} path={path} onChange={change} />
    </FieldSet>
  );
}
