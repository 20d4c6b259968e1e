/** A form out of a JSON Schema; what can't be a form is asked for as JSON. */

import { useId, useState, type FormEvent, type ReactNode } from "react";
import { draftOf, fieldsOf, valueOf, type Draft, type Faults, type Field } from "./form.ts";
import type { Json, JsonObject } from "./json.ts";
import { AREA, INPUT } from "./kit.tsx";

type Props = {
  readonly schema: JsonObject | null | undefined;
  readonly isDisabled?: boolean;
  /** What the server said of what was sent. */
  readonly fault?: string | null;
  readonly onSend: (value: Json) => void;
  /** The buttons. */
  readonly children: ReactNode;
};

export function SchemaForm({ schema, isDisabled = false, fault, onSend, children }: Props) {
  const [fields] = useState(() => fieldsOf(schema));
  const [draft, setDraft] = useState<Draft>(() => draftOf(fields));
  const [faults, setFaults] = useState<Faults>({});
  const send = (event: FormEvent): void => {
    event.preventDefault();
    const read = valueOf(fields, draft);
    setFaults(read.faults);
    if (!Object.keys(read.faults).length) onSend(read.value);
  };
  return (
    <form noValidate onSubmit={send} className="flex flex-col gap-3">
      {fields.map((field) => (
        <FieldRow key={field.name} field={field} value={draft[field.name] ?? ""} fault={faults[field.name]} isDisabled={isDisabled}
          onChange={(value) => setDraft((before) => ({ ...before, [field.name]: value }))} />
      ))}
      {fault && <p role="alert" className="text-xs text-fail">{fault}</p>}
      {children}
    </form>
  );
}

type RowProps = {
  readonly field: Field;
  readonly value: string | boolean;
  readonly fault: string | undefined;
  readonly isDisabled: boolean;
  readonly onChange: (value: string | boolean) => void;
};

function FieldRow(props: RowProps) {
  const { field, fault } = props;
  const id = useId();
  const notes = [field.hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  const control = { id, "aria-invalid": Boolean(fault), ...(notes ? { "aria-describedby": notes } : {}) };
  const label = (
    <span className="inline-block first-letter:uppercase">
      {field.title}
      {field.isRequired && field.kind !== "boolean" && <span aria-hidden className="text-fail"> *</span>}
    </span>
  );
  return (
    <div>
      {field.kind === "boolean" ? (
        <label htmlFor={id} className="flex w-fit cursor-pointer items-center gap-2 text-sm">
          <input type="checkbox" {...control} checked={props.value === true} disabled={props.isDisabled} onChange={(event) => props.onChange(event.target.checked)} className="size-4 accent-accent" />
          {label}
        </label>
      ) : (
        <>
          <label htmlFor={id} className="mb-1 block text-xs font-medium">{label}</label>
          <Control {...props} control={control} />
        </>
      )}
      {field.hint && <span id={`${id}-hint`} className="mt-1 block text-xs text-mute">{field.hint}</span>}
      {fault && <span id={`${id}-fault`} role="alert" className="mt-1 block text-xs text-fail">{fault}</span>}
    </div>
  );
}

function Control({ field, value, isDisabled, onChange, control }: RowProps & { readonly control: object }) {
  const text = String(value);
  const common = { ...control, value: text, disabled: isDisabled };
  switch (field.kind) {
    case "choice":
      return (
        <select {...common} className={INPUT} onChange={(event) => onChange(event.target.value)}>
          <option value="">{field.isRequired ? "Choose …" : "None"}</option>
          {field.choices.map((choice, index) => (
            <option key={index} value={index}>{typeof choice === "string" ? choice : JSON.stringify(choice)}</option>
          ))}
        </select>
      );
    case "area":
    case "json":
      return <textarea {...common} className={`${AREA} ${field.kind === "json" ? "font-mono text-xs" : ""}`} spellCheck={field.kind === "area"} onChange={(event) => onChange(event.target.value)} />;
    default:
      return (
        <input {...common} type="text" className={INPUT} autoComplete="off"
          inputMode={field.kind === "text" ? "text" : field.kind === "integer" ? "numeric" : "decimal"}
          onChange={(event) => onChange(event.target.value)} />
      );
  }
}
