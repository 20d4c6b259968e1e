/** Fields for one value: text, expressions, numbers, ticks, choices, JSON. */

import type { Choice } from "../document/schema.ts";
import { FieldFrame } from "./field-frame.tsx";
import { frameOf, type FieldProps } from "./field-props.ts";
import { isAbsent, isObject, JSON_SHAPE, numberShape, plain, SCHEMA_SHAPE } from "./reading.ts";
import { TemplateText } from "./template-text.tsx";
import { isEqual, useBuffer } from "./use-buffer.ts";

const LONG_ROWS = 4;

export function TextField(props: FieldProps) {
  const { field, value, isTemplate, onChange } = props;
  const change = (text: string): void => onChange(text === "" ? undefined : text);
  const shared = { value: plain(value), placeholder: plain(field.initial), maxLength: field.maxLength };
  return (
    <FieldFrame {...frameOf(props)}>
      {(control) => {
        if (isTemplate) {
          return <TemplateText {...shared} control={control} mode="template" isLine={!field.isLong} rows={field.isLong ? LONG_ROWS : 1} onChange={change} />;
        }
        return field.isLong ? (
          <textarea {...control} {...shared} className="oi-area" rows={LONG_ROWS} onChange={(event) => change(event.target.value)} />
        ) : (
          <input {...control} {...shared} className="oi-input" type="text" autoComplete="off" spellCheck={false} onChange={(event) => change(event.target.value)} />
        );
      }}
    </FieldFrame>
  );
}

export function ExpressionField(props: FieldProps) {
  const { field, value, onChange } = props;
  return (
    <FieldFrame {...frameOf(props)}>
      {(control) => (
        <TemplateText control={control} mode="expression" value={plain(value)} maxLength={field.maxLength} onChange={(text) => onChange(text === "" ? undefined : text)} />
      )}
    </FieldFrame>
  );
}

export function NumberField(props: FieldProps) {
  const { field, value, isTemplate, onChange } = props;
  const buffer = useBuffer(isAbsent(value) ? undefined : value, numberShape(field, isTemplate), onChange, props.path);
  const shared = { value: buffer.text, placeholder: plain(field.initial), onBlur: buffer.settle };
  return (
    <FieldFrame {...frameOf(props)} fault={buffer.fault}>
      {(control) =>
        isTemplate ? (
          <TemplateText {...shared} control={control} mode="template" isLine onChange={buffer.type} />
        ) : (
          <input
            {...control}
            {...shared}
            className="oi-input"
            type="text"
            inputMode={field.kind === "number" ? "decimal" : "numeric"}
            autoComplete="off"
            onChange={(event) => buffer.type(event.target.value)}
          />
        )
      }
    </FieldFrame>
  );
}

export function TickField(props: FieldProps) {
  const { field, value, onChange } = props;
  const isOnAtFirst = field.initial === true;
  return (
    <FieldFrame {...frameOf(props)} isTick>
      {(control) => (
        <input
          {...control}
          type="checkbox"
          checked={isAbsent(value) ? isOnAtFirst : value === true}
          onChange={({ target }) => onChange(target.checked === isOnAtFirst ? undefined : target.checked)}
        />
      )}
    </FieldFrame>
  );
}

const YES_NO: readonly Choice[] = [{ value: true, label: "Yes" }, { value: false, label: "No" }];
const OPEN = "open";

/** One of a few values, or, where that is allowed, an expression that gives one. */
export function ChoiceField(props: FieldProps) {
  const { field, value, isTemplate, onChange } = props;
  const choices = field.kind === "boolean" ? YES_NO : field.choices;
  const at = choices.findIndex((choice) => isEqual(choice.value, value));
  const isOpen = at < 0 && !isAbsent(value);
  const choose = (chosen: string): void => {
    if (chosen === OPEN) return onChange("{{ }}");
    return onChange(chosen === "" ? undefined : choices[Number(chosen)]?.value);
  };
  return (
    <FieldFrame {...frameOf(props)}>
      {(control) => (
        <>
          <select {...control} className="oi-input" value={isOpen ? OPEN : at < 0 ? "" : String(at)} onChange={(event) => choose(event.target.value)}>
            <option value="">{noChoice(props, choices)}</option>
            {choices.map((choice, index) => <option key={index} value={index}>{choice.label}</option>)}
            {(isTemplate || isOpen) && <option value={OPEN}>{isTemplate ? "Expression …" : plain(value)}</option>}
          </select>
          {isOpen && isTemplate && (
            <TemplateText
              control={{ ...control, id: `${control.id}-open`, "aria-label": `${field.label}: expression` }}
              mode="template"
              isLine
              value={plain(value)}
              onChange={(text) => onChange(text === "" ? undefined : text)}
            />
          )}
        </>
      )}
    </FieldFrame>
  );
}

function noChoice({ field }: FieldProps, choices: readonly Choice[]): string {
  if (field.initial === undefined) return field.isRequired ? "Choose …" : "Not set";
  const initial = choices.find((choice) => isEqual(choice.value, field.initial));
  return `Default (${initial?.label ?? plain(field.initial)})`;
}

/** One of a few words, or a whole number. */
export function MixedField(props: FieldProps) {
  const { field, value, onChange } = props;
  const isCount = typeof value === "number";
  const buffer = useBuffer(isCount ? value : undefined, numberShape({ ...field, kind: "integer" }, false), (read) => read !== undefined && onChange(read), props.path);
  const choose = (chosen: string): void => onChange(chosen === OPEN ? (field.minimum ?? 1) : chosen === "" ? undefined : chosen);
  return (
    <FieldFrame {...frameOf(props)} fault={isCount ? buffer.fault : ""}>
      {(control) => (
        <div className="oi-row">
          <select {...control} className="oi-input" value={isCount ? OPEN : plain(value)} onChange={(event) => choose(event.target.value)}>
            <option value="">{noChoice(props, field.choices)}</option>
            {field.choices.map(({ value: word, label }) => <option key={label} value={plain(word)}>{label}</option>)}
            <option value={OPEN}>A number …</option>
          </select>
          {isCount && (
            <input
              className="oi-input oi-count"
              type="text"
              inputMode="numeric"
              aria-label={`${field.label}: number`}
              aria-invalid={buffer.fault !== ""}
              value={buffer.text}
              onChange={(event) => buffer.type(event.target.value)}
              onBlur={buffer.settle}
            />
          )}
        </div>
      )}
    </FieldFrame>
  );
}

/** Any JSON, or a JSON Schema; it reaches the document as soon as it can be read. */
export function JsonField(props: FieldProps) {
  const { field, value, isTemplate, onChange } = props;
  const isSchema = field.kind === "schema" && (isAbsent(value) || isObject(value));
  const buffer = useBuffer(value, isSchema ? SCHEMA_SHAPE : JSON_SHAPE, onChange, props.path);
  return (
    <FieldFrame {...frameOf(props)} fault={buffer.fault}>
      {(control) => (
        <TemplateText
          control={control}
          mode={isTemplate ? "template" : "plain"}
          rows={isSchema ? 3 : 2}
          placeholder={isSchema ? '{"type": "object"}' : ""}
          value={buffer.text}
          onChange={buffer.type}
          onBlur={buffer.settle}
        />
      )}
    </FieldFrame>
  );
}
