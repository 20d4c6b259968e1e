/** One field of a generated form, drawn by its kind. */

import type { ComponentType } from "react";
import type { Json } from "../document/document.ts";
import { under, type LocalProblem } from "../document/problems.ts";
import type { FieldKind } from "../document/schema.ts";
import { FieldSet, PairsField, StringsField } from "./collection-fields.tsx";
import type { FieldProps } from "./field-props.ts";
import { fits, isObject, withKey } from "./reading.ts";
import { ChoiceField, ExpressionField, JsonField, MixedField, NumberField, TextField, TickField } from "./scalar-fields.tsx";
import { SchemaEditor } from "./schema-table.tsx";
import { UnknownFields } from "./unknown-fields.tsx";

const BY_KIND: Readonly<Record<FieldKind, ComponentType<FieldProps>>> = {
  text: TextField,
  expression: ExpressionField,
  number: NumberField,
  integer: NumberField,
  boolean: TickOrChoice,
  choice: ChoiceField,
  mixed: MixedField,
  strings: StringsField,
  pairs: PairsField,
  object: ObjectField,
  schema: SchemaEditor,
  json: JsonField,
};

export function SchemaField(props: FieldProps) {
  const { field, value } = props;
  const Control = fits(field.kind, value) ? BY_KIND[field.kind] : JsonField;
  return <Control {...props} />;
}

/** A tick can't hold an expression, so where one may stand there are three choices. */
function TickOrChoice(props: FieldProps) {
  return props.isTemplate || typeof props.value === "string" ? <ChoiceField {...props} /> : <TickField {...props} />;
}

/** The fields of an object inside another; empty, it is not there at all. */
function ObjectField({ field, value, problems, path, isTemplate, onChange }: FieldProps) {
  const values = isObject(value) ? value : {};
  const change = (key: string, inner: Json | undefined): void => onChange(withKey(values, key, inner));
  const unknown = Object.keys(values).filter((key) => !field.fields.some((inner) => inner.key === key));
  const shown = new Set([...field.fields.map(({ key }) => key), ...unknown]);
  const isInside = ({ at }: LocalProblem): boolean => shown.has(at[path.length] ?? "");
  return (
    <FieldSet title={field.label} help={field.help} problems={problems.filter((problem) => !isInside(problem))}>
      {field.fields.map((inner) => (
        <SchemaField
          key={inner.key}
          field={inner}
          value={values[inner.key]}
          problems={under(problems, [...path, inner.key])}
          path={[...path, inner.key]}
          isTemplate={isTemplate}
          onChange={(next) => change(inner.key, next)}
        />
      ))}
      <UnknownFields keys={unknown} values={values} problems={problems} path={path} onChange={change} />
    </FieldSet>
  );
}
