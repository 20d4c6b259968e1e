/** What an agent step may do: which tools at all, which a person has to approve first, and its limits. */

import type { Json } from "../document/document.ts";
import { under } from "../document/problems.ts";
import { toolOf } from "../state/catalogue.ts";
import { useGiven } from "./agents.ts";
import { FieldSet } from "./collection-fields.tsx";
import { FieldFrame } from "./field-frame.tsx";
import type { ConfigFieldProps } from "./field-props.ts";
import { isAbsent, isObject, withKey } from "./reading.ts";
import { SchemaField } from "./schema-field.tsx";
import { JsonField } from "./scalar-fields.tsx";

const OF_TOOLS: readonly string[] = ["allowed_tools", "approval"];

export function PolicyField(props: ConfigFieldProps) {
  const { field, value, node, problems, path, catalogue, onChange } = props;
  const given = useGiven(node.config);
  if (!isAbsent(value) && !isObject(value)) return <JsonField {...props} />;
  const policy = isObject(value) ? value : {};
  const change = (key: string, next: Json | undefined): void => onChange(withKey(policy, key, next));
  const [allowed, approval] = OF_TOOLS.map((key) => namesIn(policy[key]));
  const names = [...new Set([...namesIn(node.config["tools"] ?? given?.["tools"])!, ...allowed!, ...approval!])];
  const titled = (name: string): string => toolOf(catalogue, name)?.title ?? name;
  const list = { names, titled };
  const asked = isObject(given?.["policy"]) ? namesIn(given["policy"]["approval"]) : [];
  const others = field.fields.filter(({ key }) => !OF_TOOLS.includes(key));
  const isSet = others.some(({ key }) => !isAbsent(policy[key]));
  return (
    <FieldSet title={field.label} problems={problems.filter(({ at }) => !policyKeys(field).has(at[path.length] ?? ""))}>
      {names.length > 0 && <Ticks {...list} title="Ask a person before" help="Each call is shown in the room and waits for an answer." chosen={approval!} fixed={asked} problems={under(problems, [...path, "approval"])} onChange={(next) => change("approval", next.length ? next : undefined)} />}
      {names.length > 0 && (
        <FieldFrame label="Allow only some tools" help="The model is told that the others are not allowed." isTick>
          {(control) => <input {...control} type="checkbox" checked={!isAbsent(policy["allowed_tools"])} onChange={({ target }) => change("allowed_tools", target.checked ? names : undefined)} />}
        </FieldFrame>
      )}
      {!isAbsent(policy["allowed_tools"]) && <Ticks {...list} title="Allowed" chosen={allowed!} problems={under(problems, [...path, "allowed_tools"])} onChange={(next) => change("allowed_tools", next)} />}
      {!names.length && <p className="oi-help">With tools, it says here which of them a person has to approve.</p>}
      <details className="oi-more" open={isSet}>
        <summary>Limits</summary>
        <div className="oi-fields">
          {others.map((inner) => (
            <SchemaField key={inner.key} field={inner} value={policy[inner.key]} problems={under(problems, [...path, inner.key])} path={[...path, inner.key]} isTemplate={false} onChange={(next) => change(inner.key, next)} />
          ))}
        </div>
      </details>
    </FieldSet>
  );
}

function policyKeys({ fields }: ConfigFieldProps["field"]): ReadonlySet<string> {
  return new Set(fields.map(({ key }) => key));
}

function namesIn(value: Json | undefined): string[] {
  return (Array.isArray(value) ? value : []).filter((name) => typeof name === "string");
}

type TicksProps = Pick<ConfigFieldProps, "problems"> & {
  readonly title: string;
  readonly help?: string;
  readonly names: readonly string[];
  readonly chosen: readonly string[];
  /** On, whatever the step says: the agent's policy holds too. */
  readonly fixed?: readonly string[];
  readonly titled: (name: string) => string;
  readonly onChange: (next: string[]) => void;
};

function Ticks({ title, help, names, chosen, fixed = [], titled, problems, onChange }: TicksProps) {
  const set = (name: string, isOn: boolean): void => onChange(isOn ? [...chosen, name] : chosen.filter((each) => each !== name));
  return (
    <FieldSet title={title} help={help} problems={problems}>
      {names.map((name) => (
        <FieldFrame key={name} label={fixed.includes(name) ? `${titled(name)} (the agent's policy)` : titled(name)} isTick>
          {(control) => <input {...control} type="checkbox" disabled={fixed.includes(name)} checked={fixed.includes(name) || chosen.includes(name)} onChange={({ target }) => set(name, target.checked)} />}
        </FieldFrame>
      ))}
    </FieldSet>
  );
}
