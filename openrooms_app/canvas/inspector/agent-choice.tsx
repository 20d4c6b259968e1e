/** Which agent a step is, which of its versions, and what the step takes over from it. */

import type { Json, JsonObject } from "../document/document.ts";
import { labelOf } from "../document/schema.ts";
import { useAgents, useGiven, type Agent } from "./agents.ts";
import { FieldFrame } from "./field-frame.tsx";
import { frameOf, type ConfigFieldProps } from "./field-props.ts";
import { isAbsent, isObject, plain } from "./reading.ts";

const MOST_VERSIONS = 50;
const SHOWN = 90;

export function AgentField(props: ConfigFieldProps) {
  const { value, node, onChange } = props;
  const agents = useAgents();
  const given = useGiven(node.config);
  const name = plain(value);
  const chosen = agents?.find((each) => each.name === name);
  return (
    <>
      <FieldFrame {...frameOf(props)} help={helpOf(name, agents, chosen)}>
        {(control) => (
          <select {...control} className="oi-input" value={name} onChange={({ target }) => onChange(target.value || undefined)}>
            <option value="">None: the settings below are all</option>
            {name && !chosen && <option value={name}>{agents ? `${name} (not there)` : name}</option>}
            {agents?.map((each) => <option key={each.id} value={each.name}>{each.name}</option>)}
          </select>
        )}
      </FieldFrame>
      {chosen && given && <Given agent={chosen} given={given} config={node.config} />}
    </>
  );
}

function helpOf(name: string, agents: readonly Agent[] | null, chosen: Agent | undefined): string {
  if (!agents || chosen) return "An agent of the Agents page, whose settings apply where this step has none.";
  if (name) return `There is no agent named “${name}” here. Make it on the Agents page, or choose another one.`;
  return agents.length ? "Settings made once on the Agents page, for many steps." : "None is made yet: make one on the Agents page and use it in many steps.";
}

function Given({ agent, given, config }: { readonly agent: Agent; readonly given: JsonObject; readonly config: JsonObject }) {
  return (
    <div className="oi-given">
      <p className="oi-label">Taken over from <a href={`/agents/${agent.id}`}>{agent.name}</a></p>
      <dl>
        {Object.entries(given).map(([key, value]) => {
          const isOwn = !isAbsent(config[key]);
          return (
            <div key={key} data-own={isOwn && key !== "policy"}>
              <dt>{labelOf(key)}</dt>
              <dd>{short(value)}</dd>
              {isOwn && <dd className="oi-own">{key === "policy" ? "both hold" : "this step has its own"}</dd>}
            </div>
          );
        })}
      </dl>
    </div>
  );
}

/** A value on one line. */
function short(value: Json | undefined): string {
  const text = Array.isArray(value) ? value.join(", ") : isObject(value) ? kept(value) : plain(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function kept(value: JsonObject): string {
  const set = Object.entries(value).filter(([, inner]) => !isAbsent(inner));
  return set.map(([key, inner]) => `${labelOf(key)}: ${Array.isArray(inner) ? inner.join(", ") : plain(inner)}`).join("; ");
}

export function AgentVersionField(props: ConfigFieldProps) {
  const { value, node, onChange } = props;
  const agents = useAgents();
  const latest = agents?.find((each) => each.name === node.config["agent"])?.version;
  if (isAbsent(node.config["agent"]) && isAbsent(value)) return null;
  const chosen = typeof value === "number" ? value : undefined;
  const numbers = Array.from({ length: Math.min(latest ?? 0, MOST_VERSIONS) }, (_, index) => (latest ?? 0) - index);
  if (chosen !== undefined && !numbers.includes(chosen)) numbers.push(chosen);
  return (
    <FieldFrame {...frameOf(props)}>
      {(control) => (
        <select {...control} className="oi-input" value={chosen ?? ""} onChange={({ target }) => onChange(target.value ? Number(target.value) : undefined)}>
          <option value="">{latest ? `Latest when published (now ${latest})` : "Latest when published"}</option>
          {numbers.map((number) => <option key={number} value={number}>Version {number}</option>)}
        </select>
      )}
    </FieldFrame>
  );
}
