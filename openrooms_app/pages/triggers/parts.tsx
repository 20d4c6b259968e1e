// Labelled fields of the forms of webhooks and subscriptions; they look as those of the Python components do.
import { useId, type ReactNode } from "react";
import { INPUT } from "../../components/kit.tsx";
import type { Choice } from "./asking.ts";

type FieldProps = {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly fault?: string | undefined;
  readonly isRequired?: boolean;
  readonly children: (bound: { readonly id: string; readonly "aria-describedby": string; readonly "aria-invalid": boolean }) => ReactNode;
};

export function Field({ label, hint, fault = "", isRequired = false, children }: FieldProps) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-xs font-medium">{label}{isRequired && <span aria-hidden className="text-fail"> *</span>}</label>
      {children({ id, "aria-describedby": `${id}-hint`, "aria-invalid": fault !== "" })}
      <div id={`${id}-hint`}>
        {hint && <p className="mt-1 text-xs text-mute">{hint}</p>}
        <Fault text={fault} />
      </div>
    </div>
  );
}

export function Fault({ text }: { readonly text: string }) {
  return text ? <p role="alert" className="mt-1 text-xs text-fail">{text}</p> : null;
}

type SelectProps = {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string;
};

export function Select({ label, choices, value, onChange, hint }: SelectProps) {
  return (
    <Field label={label} hint={hint}>
      {(bound) => (
        <select {...bound} value={value} onChange={(event) => onChange(event.target.value)} className={`${INPUT} pr-8`}>
          {choices.map((each) => <option key={each.value} value={each.value}>{each.text}</option>)}
        </select>
      )}
    </Field>
  );
}
