/** Fields that hold several values: lists of words, and names of the author's own each with a value. */

import type { ReactNode } from "react";
import { Plus, X } from "lucide-react";
import type { Json, JsonObject } from "../document/document.ts";
import { freeId } from "../document/identifiers.ts";
import type { LocalProblem } from "../document/problems.ts";
import { useApplied } from "./applied.tsx";
import { Findings } from "./field-frame.tsx";
import type { FieldProps } from "./field-props.ts";
import type { Mode } from "./names.ts";
import { IconButton, TextButton } from "./parts.tsx";
import { isObject, LOOSE_SHAPE, plain } from "./reading.ts";
import { TemplateText } from "./template-text.tsx";
import { useBuffer } from "./use-buffer.ts";

/** A group of controls under one name; `problems` are those of the group as a whole. */
export function FieldSet({ title, help, problems, children }: {
  readonly title: string;
  readonly help?: string;
  readonly problems?: readonly LocalProblem[];
  readonly children: ReactNode;
}) {
  return (
    <fieldset className="oi-set">
      <legend className="oi-label">{title}</legend>
      {help && <p className="oi-help">{help}</p>}
      <Findings problems={problems ?? []} />
      {children}
    </fieldset>
  );
}

export function StringsField({ field, value, problems, isTemplate, onChange }: FieldProps) {
  const items = (Array.isArray(value) ? value : []) as readonly string[];
  const change = (next: readonly string[]): void => onChange(next.length ? next : undefined);
  return (
    <FieldSet title={field.label} help={field.help} problems={problems}>
      {items.map((item, index) => (
        <div className="oi-row" key={index}>
          <TemplateText
            control={labelled(`${field.label} ${index + 1}`)}
            mode={isTemplate ? "template" : "plain"}
            isLine
            value={item}
            onChange={(text) => change(items.with(index, text))}
          />
          <IconButton Icon={X} label={`Remove ${field.label} ${index + 1}`} onClick={() => change(items.filter((_, at) => at !== index))} />
        </div>
      ))}
      <TextButton Icon={Plus} onClick={() => change([...items, ""])}>Add</TextButton>
    </FieldSet>
  );
}

export type PairsProps = Pick<FieldProps, "problems" | "onChange"> & {
  readonly title: string;
  readonly help?: string;
  readonly value: JsonObject;
  /** How a value is typed: an expression, or text and whatever reads as JSON. */
  readonly mode: Mode;
  readonly keyFault: (key: string) => string | null;
};

/** Names of the author's own, each with a value. */
export function Pairs({ title, help, value, mode, problems, keyFault, onChange }: PairsProps) {
  const entries = Object.entries(value);
  const taken = new Set(entries.map(([key]) => key.toLowerCase()));
  const change = (next: readonly (readonly [string, Json])[]): void => onChange(next.length ? Object.fromEntries(next) : undefined);
  return (
    <FieldSet title={title} help={help} problems={problems}>
      {entries.map(([key, inner], index) => (
        <Pair
          key={index}
          name={key}
          value={inner}
          mode={mode}
          faultOf={(next) => (next in value ? `${next} is there already.` : keyFault(next))}
          onRename={(next) => change(entries.with(index, [next, inner]))}
          onChange={(next) => change(entries.with(index, [key, next]))}
          onRemove={() => change(entries.filter((_, at) => at !== index))}
        />
      ))}
      <TextButton Icon={Plus} onClick={() => change([...entries, [freeId("key", taken), ""]])}>Add</TextButton>
    </FieldSet>
  );
}

type PairProps = {
  readonly name: string;
  readonly value: Json;
  readonly mode: Mode;
  readonly faultOf: (key: string) => string | null;
  readonly onRename: (key: string) => void;
  readonly onChange: (value: Json) => void;
  readonly onRemove: () => void;
};

function Pair({ name, value, mode, faultOf, onRename, onChange, onRemove }: PairProps) {
  const { fault, input } = useApplied({ value: name, faultOf, onApply: onRename });
  const loose = useBuffer(value, LOOSE_SHAPE, (read) => onChange(read ?? ""));
  const isLoose = mode !== "expression" || typeof value !== "string";
  return (
    <>
      <div className="oi-row oi-pair">
        <input {...input} className="oi-input is-code" aria-label={`Name of ${name}`} aria-invalid={fault !== ""} />
        <TemplateText
          control={labelled(`Value of ${name}`)}
          mode={mode}
          isLine
          value={isLoose ? loose.text : plain(value)}
          onChange={isLoose ? loose.type : onChange}
          onBlur={loose.settle}
        />
        <IconButton Icon={X} label={`Remove ${name}`} onClick={onRemove} />
      </div>
      {fault && <p className="oi-fault" role="alert">{fault}</p>}
    </>
  );
}

export function PairsField({ field, value, problems, isTemplate, onChange }: FieldProps) {
  return (
    <Pairs
      title={field.label}
      help={field.help}
      value={isObject(value) ? value : {}}
      mode={isTemplate ? "template" : "plain"}
      problems={problems}
      keyFault={(key) => (key.trim() ? null : "A name is needed.")}
      onChange={onChange}
    />
  );
}

/** A control without a label that can be seen. */
function labelled(name: string) {
  return { "aria-label": name, "aria-invalid": false };
}
