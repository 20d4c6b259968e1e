/** A JSON Schema as a table of its properties, objects in objects included, or as the JSON itself where a table can't say it. */

import { useState } from "react";
import { Braces, Plus, Rows3, X } from "lucide-react";
import type { Json, JsonObject } from "../document/document.ts";
import { under, type LocalProblem } from "../document/problems.ts";
import { fieldOf } from "../document/schema.ts";
import { AppliedField } from "./applied.tsx";
import { FieldSet } from "./collection-fields.tsx";
import { FieldFrame, Findings } from "./field-frame.tsx";
import type { FieldProps } from "./field-props.ts";
import { described, itemsOf, nameFault, newProperty, propertiesOf, retyped, typeIn, TYPES, withItems, withProperties, type Property } from "./input-properties.ts";
import { IconButton, TextButton } from "./parts.tsx";
import { isAbsent, isObject, plain, withKey } from "./reading.ts";
import { JsonField } from "./scalar-fields.tsx";
import { SchemaField } from "./schema-field.tsx";

type Props = {
  readonly schema: JsonObject | undefined;
  readonly path: readonly string[];
  readonly problems: readonly LocalProblem[];
  /** Said while there is no property. */
  readonly none: string;
  /** Of the JSON. */
  readonly help: string;
  /** Whether values are asked for by a form, which begins with defaults. */
  readonly hasDefaults: boolean;
  readonly onChange: (schema: JsonObject | undefined) => void;
};

export function SchemaTable(props: Props) {
  const { schema, path, problems, help, onChange } = props;
  const [wantsJson, setWantsJson] = useState(false);
  const rows = propertiesOf(schema);
  const isJson = wantsJson || rows === null;
  return (
    <>
      {isJson ? (
        <JsonField
          field={{ ...fieldOf(path.at(-1) ?? "", { type: "object" }, false, {}), kind: "schema", label: "JSON Schema", help }}
          value={schema}
          problems={problems}
          path={path}
          isTemplate={false}
          onChange={(value) => onChange(value as JsonObject | undefined)}
        />
      ) : (
        <Rows {...props} rows={rows} />
      )}
      <div className="oi-actions">
        {!isJson && <AddField schema={schema} rows={rows} onChange={onChange} />}
        {rows && (
          <TextButton Icon={isJson ? Rows3 : Braces} aria-pressed={isJson} onClick={() => setWantsJson(!isJson)}>
            {isJson ? "As a table" : "As JSON"}
          </TextButton>
        )}
      </div>
    </>
  );
}

/** The field of a setting that is a schema: what an agent has to answer, what a signal brings. */
export function SchemaEditor(props: FieldProps) {
  const { field, value, path, problems, onChange } = props;
  if (!isAbsent(value) && !isObject(value)) return <JsonField {...props} />;
  return (
    <FieldSet title={field.label} help={field.help} problems={[]}>
      <SchemaTable schema={value ?? undefined} path={path} problems={problems} none="" help="" hasDefaults={field.key === "form_schema"} onChange={onChange} />
    </FieldSet>
  );
}

type RowsProps = Omit<Props, "help"> & { readonly rows: readonly Property[] };

function AddField({ schema, rows, onChange }: Pick<RowsProps, "schema" | "rows" | "onChange">) {
  return <TextButton Icon={Plus} onClick={() => onChange(withProperties(schema, [...rows, newProperty(rows)]))}>Add a field</TextButton>;
}

function Rows({ schema, rows, path, problems, none, hasDefaults, onChange }: RowsProps) {
  const change = (next: readonly Property[]): void => onChange(withProperties(schema, next));
  const isShown = ({ at }: LocalProblem): boolean => at[path.length] === "properties" && rows.some(({ name }) => name === at[path.length + 1]);
  return (
    <>
      <Findings problems={problems.filter((problem) => !isShown(problem))} />
      {rows.length === 0 && none && <p className="oi-help">{none}</p>}
      {rows.map((row, index) => (
        <Row
          key={index}
          row={row}
          path={[...path, "properties", row.name]}
          problems={under(problems, [...path, "properties", row.name])}
          hasDefaults={hasDefaults}
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
  readonly path: readonly string[];
  readonly problems: readonly LocalProblem[];
  readonly hasDefaults: boolean;
  readonly faultOf: (name: string) => string | null;
  readonly onChange: (row: Property) => void;
  readonly onRemove: () => void;
};

function Row({ row, path, problems, hasDefaults, faultOf, onChange, onRemove }: RowProps) {
  const { name, schema, isRequired } = row;
  const set = (next: JsonObject): void => onChange({ ...row, schema: next });
  const type = typeIn(schema);
  const inner = type === "array" ? itemsOf(schema) : schema;
  const rows = typeIn(inner) === "object" ? propertiesOf(inner) : null;
  const words = (
    <FieldFrame label="Field description">
      {(control) => (
        <input {...control} className="oi-input" type="text" value={plain(schema["description"])} onChange={({ target }) => set(described(schema, target.value))} />
      )}
    </FieldFrame>
  );
  return (
    <fieldset className="oi-property" data-testid={`input-${name}`}>
      <legend className="oi-unseen">{name}</legend>
      <div className="oi-row">
        <AppliedField label="Field name" value={name} faultOf={faultOf} onApply={(next) => onChange({ ...row, name: next })} />
        <TypeField label="Field type" schema={schema} onChange={set} />
        <IconButton Icon={X} label={`Remove ${name}`} onClick={onRemove} />
      </div>
      {hasDefaults && words}
      <div className="oi-row">
        {hasDefaults ? <Default schema={schema} path={path} onChange={set} /> : words}
        <FieldFrame label="Required" isTick>
          {(control) => <input {...control} type="checkbox" checked={isRequired} onChange={({ target }) => onChange({ ...row, isRequired: target.checked })} />}
        </FieldFrame>
      </div>
      {type === "array" && <TypeField label="Each item" schema={itemsOf(schema)} onChange={(items) => set(withItems(schema, items))} />}
      {rows ? (
        <Inside schema={inner} rows={rows} path={path} problems={problems} onChange={(next) => set(type === "array" ? withItems(schema, next) : next)} />
      ) : (
        <Findings problems={problems} />
      )}
    </fieldset>
  );
}

/** The fields of an object, or of the objects in a list. */
function Inside({ schema, rows, path, problems, onChange }: Pick<RowsProps, "path" | "problems" | "rows"> & { readonly schema: JsonObject; readonly onChange: (schema: JsonObject) => void }) {
  const change = (next: JsonObject | undefined): void => onChange(next ?? { type: "object" });
  return (
    <div className="oi-inside">
      <Rows schema={schema} rows={rows} path={path} problems={problems} none="An object; add its fields, or leave it open." hasDefaults={false} onChange={change} />
      <AddField schema={schema} rows={rows} onChange={change} />
    </div>
  );
}

function Default({ schema, path, onChange }: Pick<RowProps, "path"> & { readonly schema: JsonObject; readonly onChange: (schema: JsonObject) => void }) {
  const { description: _description, default: _default, ...shape } = schema;
  return (
    <SchemaField
      key={typeIn(schema)}
      field={{ ...fieldOf("default", shape, false, {}), label: "Default value", isLong: false, ...(typeIn(schema) === "object" && { kind: "json" }) }}
      value={schema["default"]}
      problems={[]}
      path={[...path, "default"]}
      isTemplate={false}
      onChange={(value: Json | undefined) => onChange(withKey(schema, "default", value) ?? {})}
    />
  );
}

const WORDS: Readonly<Record<string, string>> = { string: "text", array: "list", boolean: "yes or no", integer: "whole number", any: "anything" };

function TypeField({ label, schema, onChange }: { readonly label: string; readonly schema: JsonObject; readonly onChange: (schema: JsonObject) => void }) {
  const type = typeIn(schema);
  return (
    <FieldFrame label={label}>
      {(control) => (
        <select {...control} className="oi-input" value={type} onChange={({ target }) => onChange(retyped(schema, target.value))}>
          {!type && <option value="">other</option>}
          {[...TYPES, "any"].map((each) => <option key={each} value={each}>{WORDS[each] ?? each}</option>)}
        </select>
      )}
    </FieldFrame>
  );
}
