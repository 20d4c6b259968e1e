/** Names that others refer to: they take effect when the field is left or Enter is pressed, and only when nothing is wrong. */

import { useState, type KeyboardEvent } from "react";
import { FieldFrame, type FrameProps } from "./field-frame.tsx";

export type Applied = {
  readonly value: string;
  /** Why a text is refused; null when it is not. */
  readonly faultOf: (text: string) => string | null;
  readonly onApply: (text: string) => void;
};

/** The state of such a field, and what its input must be given. */
export function useApplied({ value, faultOf, onApply }: Applied) {
  const [typed, setTyped] = useState<{ readonly text: string; readonly of: string } | null>(null);
  const text = typed?.of === value ? typed.text : value;
  const fault = text === value ? "" : (faultOf(text) ?? "");
  const apply = (): void => {
    if (text !== value && !fault) onApply(text);
  };
  return {
    fault,
    input: {
      type: "text",
      autoComplete: "off",
      spellCheck: false,
      value: text,
      onChange: ({ target }: { readonly target: HTMLInputElement }) => setTyped({ text: target.value, of: value }),
      onBlur: apply,
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key === "Enter") apply();
        else if (event.key === "Escape" && text !== value) setTyped(null);
        else return;
        event.preventDefault();
        event.stopPropagation();
      },
    },
  };
}

type FieldProps = Applied & Pick<FrameProps, "label" | "help" | "problems"> & { readonly placeholder?: string };

export function AppliedField({ label, help, problems, placeholder, ...applied }: FieldProps) {
  const { fault, input } = useApplied(applied);
  return (
    <FieldFrame label={label} help={help} problems={problems} fault={fault}>
      {(control) => <input {...control} {...input} className="oi-input is-code" placeholder={placeholder} />}
    </FieldFrame>
  );
}
