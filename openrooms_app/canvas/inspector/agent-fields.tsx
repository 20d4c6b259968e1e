/** What an agent is made of, chosen from what this installation has: provider, model, tools. */

import { useId } from "react";
import { toolOf, type Provider } from "../state/catalogue.ts";
import { useGiven } from "./agents.ts";
import { FieldSet } from "./collection-fields.tsx";
import { FieldFrame } from "./field-frame.tsx";
import { frameOf, type ConfigFieldProps } from "./field-props.ts";
import { isAbsent, plain } from "./reading.ts";

export function ProviderField(props: ConfigFieldProps) {
  const { value, catalogue, onChange } = props;
  const name = plain(value);
  const given = plain(useGiven(props.node.config)?.["provider"]);
  const chosen = catalogue.providers.find((each) => each.name === (name || given));
  return (
    <FieldFrame {...frameOf(props)} help={chosen?.note || props.field.help}>
      {(control) => (
        <select {...control} className="oi-input" value={name} onChange={({ target }) => onChange(target.value || undefined)}>
          <option value="">{given ? `The agent's: ${given}` : "Choose …"}</option>
          {name && chosen?.name !== name && <option value={name}>{name} (not installed)</option>}
          {catalogue.providers.map((each) => <option key={each.name} value={each.name}>{titled(each)}</option>)}
        </select>
      )}
    </FieldFrame>
  );
}

function titled({ title, configured }: Provider): string {
  return configured ? title : `${title} (not configured)`;
}

export function ModelField(props: ConfigFieldProps) {
  const { field, value, node, catalogue, onChange } = props;
  const list = useId();
  const given = useGiven(node.config);
  const provider = node.config["provider"] ?? given?.["provider"];
  const models = catalogue.providers.find((each) => each.name === provider)?.models ?? [];
  return (
    <FieldFrame {...frameOf(props)}>
      {(control) => (
        <>
          <input
            {...control}
            className="oi-input"
            type="text"
            list={list}
            autoComplete="off"
            spellCheck={false}
            maxLength={field.maxLength}
            placeholder={plain(given?.["model"]) || (models[0] ?? "")}
            value={plain(value)}
            onChange={({ target }) => onChange(target.value || undefined)}
          />
          <datalist id={list}>{models.map((model) => <option key={model} value={model} />)}</datalist>
        </>
      )}
    </FieldFrame>
  );
}

export function ToolsField({ field, value, problems, node, catalogue, onChange }: ConfigFieldProps) {
  const given = useGiven(node.config)?.["tools"];
  const help = Array.isArray(given) && isAbsent(value) ? `The agent's: ${given.join(", ")}. Tick some to have these instead.` : field.help;
  const chosen = (Array.isArray(value) ? value : []).filter((name) => typeof name === "string");
  const gone = chosen.filter((name) => !toolOf(catalogue, name));
  const offered = [...catalogue.tools.map(({ name, title, description }) => ({ name, title, description })), ...gone.map(missing)];
  const set = (name: string, isOn: boolean): void => {
    const next = isOn ? [...chosen, name] : chosen.filter((each) => each !== name);
    onChange(next.length ? next : undefined);
  };
  return (
    <FieldSet title={field.label} help={help} problems={problems}>
      {offered.map(({ name, title, description }) => (
        <FieldFrame key={name} label={title} help={firstLine(description)} isTick>
          {(control) => <input {...control} type="checkbox" checked={chosen.includes(name)} onChange={({ target }) => set(name, target.checked)} />}
        </FieldFrame>
      ))}
    </FieldSet>
  );
}

function missing(name: string) {
  return { name, title: name, description: "This tool is not installed here." };
}

/** The first sentence or line of a description. */
export function firstLine(text: string): string {
  return /^.*?(?:[.!?](?=\s|$)|$)/m.exec(text)?.[0] ?? text;
}
