/** A form out of a JSON Schema; what can't be a form is asked for as JSON. */

import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from "react";
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
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current!.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [faults]);
  const sentFrom = useRef<Element | null>(null);
  useEffect(() => {
    // While the fields were held, the focus was nowhere.
    if (!isDisabled && document.activeElement === document.body && sentFrom.current instanceof HTMLElement) sentFrom.current.focus();
  }, [isDisabled]);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    sentFrom.current = document.activeElement;
    const read = valueOf(fields, draft);
    const found = { ...read.faults, ...unfinished(form.current!) };
    setFaults(found);
    if (!Object.keys(found).length) onSend(read.value);
  };
  const change = (path: string, value: string | boolean): void => setDraft((before) => ({ ...before, [path]: value }));
  return (
    <form ref={form} noValidate onSubmit={send} className="flex flex-col gap-3">
      <Fields fields={fields} draft={draft} faults={faults} isDisabled={isDisabled} onChange={change} />
      {fault && <p role="alert" className="text-xs text-fail">{fault}</p>}
      {children}
    </form>
  );
}

/** Dates that were begun: for the browser their fields are empty. */
function unfinished(form: HTMLFormElement): Faults {
  const begun = [...form.querySelectorAll("input")].filter((input) => input.validity.badInput);
  return Object.fromEntries(begun.map((input) => [input.name, "This is not a whole date."]));
}

type FieldsProps = {
  readonly fields: readonly Field[];
  readonly draft: Draft;
  readonly faults: Faults;
  readonly isDisabled: boolean;
  readonly onChange: (path: string, value: string | boolean) => void;
};

function Fields({ fields, ...rest }: FieldsProps) {
  const { draft, faults, isDisabled, onChange } = rest;
  return fields.map((field) =>
    field.kind === "group" ? (
      <fieldset key={field.path} className="flex flex-col gap-3 rounded-md border border-line p-2.5 pt-1">
        <legend className="px-1 text-xs font-medium"><Title field={field} /></legend>
        {field.hint && <p className="text-xs text-mute">{field.hint}</p>}
        <Fields {...rest} fields={field.fields} />
      </fieldset>
    ) : (
      <FieldRow key={field.path} field={field} value={draft[field.path] ?? ""} fault={faults[field.path]} isDisabled={isDisabled} onChange={(value) => onChange(field.path, value)} />
    ),
  );
}

function Title({ field }: { readonly field: Field }) {
  return (
    <span className="inline-block first-letter:uppercase">
      {field.title}
      {field.isRequired && field.kind !== "boolean" && <span aria-hidden className="text-fail"> *</span>}
    </span>
  );
}

type RowProps = {
  readonly field: Field;
  readonly value: string | boolean;
  readonly fault: string | undefined;
  readonly isDisabled: boolean;
  readonly onChange: (value: string | boolean) => void;
};

/** Of fields that don't say by themselves what goes into them. */
const HINTS: Readonly<Partial<Record<Field["kind"], string>>> = { lines: "One a line.", json: "JSON.", moment: "By your own clock." };

function FieldRow(props: RowProps) {
  const { field, fault } = props;
  const id = useId();
  const hint = field.hint || HINTS[field.kind];
  const notes = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  const control = { id, name: field.path, "aria-invalid": Boolean(fault), ...(notes ? { "aria-describedby": notes } : {}) };
  const label = <Title field={field} />;
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
      {hint && <span id={`${id}-hint`} className="mt-1 block text-xs text-mute">{hint}</span>}
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
            <option key={index} value={index}>{spelled(choice)}</option>
          ))}
        </select>
      );
    case "date":
    case "moment":
      return <input {...common} type={field.kind === "date" ? "date" : "datetime-local"} step={field.kind === "date" ? undefined : 1} className={INPUT} onChange={(event) => onChange(event.target.value)} />;
    case "area":
    case "lines":
    case "json":
      return <textarea {...common} className={`${AREA} ${field.kind === "json" ? "font-mono text-xs" : ""}`} spellCheck={field.kind !== "json"} onChange={(event) => onChange(event.target.value)} />;
    default:
      return (
        <input {...common} type="text" className={INPUT} autoComplete="off"
          inputMode={field.kind === "text" ? "text" : field.kind === "integer" ? "numeric" : "decimal"}
          onChange={(event) => onChange(event.target.value)} />
      );
  }
}

function spelled(choice: Json): string {
  if (typeof choice === "boolean") return choice ? "Yes" : "No";
  return typeof choice === "string" ? choice : JSON.stringify(choice);
}
