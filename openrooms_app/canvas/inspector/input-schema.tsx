/** What a run of the workflow is given: a table of its fields, or the JSON Schema itself. */

import { useState } from "react";
import { Braces, Plus, Rows3, X } from "lucide-react";
import type { Json, JsonObject } from "../document/document.ts";
import { under, type LocalProblem } from "../document/problems.ts";
import { fieldOf } from "../document/schema.ts";
import { AppliedField } from "./applied.tsx";
import { FieldFrame, Findings } from "./field-frame.tsx";
import { described, nameFault, newProperty, propertiesOf, retyped, typeIn, TYPES, withProperties, type Property } from "./input-properties.ts";
import { Group, IconButton, TextButton } from "./parts.tsx";
import { plain, withKey } from "./reading.ts";
import { JsonField } from "./scalar-fields.tsx";
import { SchemaField } from "./schema-field.tsx";

type Props = {
  readonly schema: JsonObject | undefined;
  readonly problems: readonly LocalProblem[];
  readonly onChange: (schema: JsonObject | undefined) => void;
};

export function InputSchema({ schema, problems, onChange }: Props) {
  const [wantsJson, setWantsJson] = useState(false);
  const rows = propertiesOf(schema);
  const isJson = wantsJson || rows === null;
  return (
    <Group title="Input" hint={rows ? String(rows.length) : "JSON Schema"}>
      {isJson ? (
        <JsonField
          field={{ ...fieldOf("input_schema", { type: "object" }, false, {}), help: "What a run is given, as JSON Schema." }}
          value={schema}
          problems={problems}
          path={["input_schema"]}
          isTemplate={false}
          onChange={(value) => onChange(value as JsonObject | undefined)}
        />
      ) : (
        <Table schema={schema} rows={rows} problems={problems} onChange={onChange} />
      )}
      <div className="oi-actions">
        {!isJson && <TextButton Icon={Plus} onClick={() => onChange(withProperties(schema, [...rows, newProperty(rows)]))}>Add a field</TextButton>}
        {rows && (
          <TextButton Icon={isJson ? Rows3 : Braces} aria-pressed={isJson} onClick={() => setWantsJson(!isJson)}>
            {isJson ? "As a table" : "As JSON"}
          </TextButton>
        )}
      </div>
    </Group>
  );
}

function Table({ schema, rows, problems, onChange }: Props & { readonly rows: readonly Property[] }) {
  const change = (next: readonly Property[]): void => onChange(withProperties(schema, next));
  const isShown = ({ at }: LocalProblem): boolean => at[1] === "properties" && rows.some(({ name }) => name === at[2]);
  return (
    <>
      <Findings problems={problems.filter((problem) => !isShown(problem))} />
      {rows.length === 0 && <p className="oi-help">A run takes no input.</p>}
      {rows.map((row, index) => (
        <Row
          key={index}
          row={row}
          problems={under(problems, ["input_schema", "properties", row.name])}
          faultOf={(name) => nameFault(rows, name)}
          onChange={(next) => change(rows.with(index, next))}
          onRemove={() => change(rows.filter((_, at) => at !== index))}
        />
      ))}
    </>
  );
}

type RowProps = {
  readonly row: Property;
  readonly problems: readonly LocalProblem[];
  readonly faultOf: (name: string) => string | null;
  readonly onChange: (row: Property) => void;
  readonly onRemove: () => void;
};

function Row({ row, problems, faultOf, onChange, onRemove }: RowProps) {
  const { name, schema, isRequired } = row;
  const set = (next: JsonObject): void => onChange({ ...row, schema: next });
  const { description: _description, default: _default, ...shape } = schema;
  const initial = { ...fieldOf("default", shape, false, {}), label: "Default value", isLong: false };
  return (
    <fieldset className="oi-property" data-testid={`input-${name}`}>
      <legend className="oi-unseen">{name}</legend>
      <div className="oi-row">
        <AppliedField label="Field name" value={name} faultOf={faultOf} onApply={(next) => onChange({ ...row, name: next })} />
        <TypeField schema={schema} onChange={set} />
        <IconButton Icon={X} label={`Remove ${name}`} onClick={onRemove} />
      </div>
      <FieldFrame label="Field description">
        {(control) => (
          <input {...control} className="oi-input" type="text" value={plain(schema["description"])} onChange={({ target }) => set(described(schema, target.value))} />
        )}
      </FieldFrame>
      <div className="oi-row">
        <SchemaField
          key={typeIn(schema)}
          field={initial}
          value={schema["default"]}
          problems={[]}
          path={["input_schema", "properties", name, "default"]}
          isTemplate={false}
          onChange={(value: Json | undefined) => set(withKey(schema, "default", value) ?? {})}
        />
        <FieldFrame label="Required" isTick>
          {(control) => <input {...control} type="checkbox" checked={isRequired} onChange={({ target }) => onChange({ ...row, isRequired: target.checked })} />}
        </FieldFrame>
      </div>
      <Findings problems={problems} />
    </fieldset>
  );
}

const WORDS: Readonly<Record<string, string>> = { string: "text", array: "list", boolean: "yes or no", integer: "whole number", any: "anything" };

function TypeField({ schema, onChange }: { readonly schema: JsonObject; readonly onChange: (schema: JsonObject) => void }) {
  const type = typeIn(schema);
  return (
    <FieldFrame label="Field type">
      {(control) => (
        <select {...control} className="oi-input" value={type} onChange={({ target }) => onChange(retyped(schema, target.value))}>
          {!type && <option value="">other</option>}
          {[...TYPES, "any"].map((each) => <option key={each} value={each}>{WORDS[each] ?? each}</option>)}
        </select>
      )}
    </FieldFrame>
  );
}
