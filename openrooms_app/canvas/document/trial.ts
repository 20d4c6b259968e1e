/** Runs for trying out: which nodes they may name, what they execute, and how a trial is told; see engine/core/trial.py. */

import type { Catalogue } from "../state/catalogue.ts";
import { toolOf } from "../state/catalogue.ts";
import { misfit } from "./fits.ts";
import { nodeOf, titleOf, type Json, type JsonObject, type WorkflowDocument, type WorkflowNode } from "./document.ts";

/** What makes a run a trial, as the API takes it. */
export type Trial = {
  readonly pins?: JsonObject;
  readonly until?: string;
  readonly only?: string;
  readonly vars?: JsonObject;
};

/** What the API tells of a run that was one: the nodes, without the outputs given for them. */
export type SeenTrial = { readonly pins?: readonly string[]; readonly until?: string; readonly only?: string };

/** What is asked of one node. */
export type Try = { readonly kind: "until" | "only"; readonly node: string };

const PURE: ReadonlySet<string> = new Set(["START", "END", "DECISION", "PARALLEL"]);

export function canPin({ type }: WorkflowNode): boolean {
  return !PURE.has(type);
}

/** Why a node could not have given this output, in a sentence; "" if it could. */
export function pinFault({ config }: WorkflowNode, output: Json): string {
  const name = ["output_schema", "form_schema"].find((each) => isObject(config[each])) ?? "";
  const fault = misfit(config[name], output);
  return fault ? `It does not fit the node's ${name}, and a run with it is refused. ${fault}.` : "";
}

export function canTry({ type }: WorkflowNode, kind: Try["kind"]): boolean {
  return type !== "START" && type !== "END" && !(kind === "only" && type === "PARALLEL");
}

/** A trial in a few words: "only Classify", "until Send, with 2 pinned outputs". */
export function wordsOf({ pins = [], until, only }: SeenTrial, document: WorkflowDocument | null): string {
  const name = (id: string): string => {
    const node = document && nodeOf(document, id);
    return node ? titleOf(node) : id;
  };
  const parts = [
    ...(only ? [`only ${name(only)}`] : []),
    ...(until ? [`until ${name(until)}`] : []),
    ...(pins.length === 1 ? [`with ${name(pins[0]!)} pinned`] : pins.length ? [`with ${pins.length} pinned outputs`] : []),
  ];
  return parts.join(", ");
}

/** What a node does when it is executed, said before somebody lets it. */
export function executes({ type, config }: WorkflowNode, catalogue: Catalogue): string {
  switch (type) {
    case "AGENT_TASK": {
      const tools = Array.isArray(config["tools"]) ? config["tools"].map(String) : [];
      return `Asks ${[config["provider"], config["model"]].filter(Boolean).join(" ")}, at its price${tools.length ? `; it may call ${tools.join(", ")}` : ""}.`;
    }
    case "TOOL_EXECUTION": {
      const tool = toolOf(catalogue, config["tool"]);
      return `Calls ${tool?.title ?? String(config["tool"])}${tool?.effect === "none" ? ", which changes nothing" : ": what it does is done for real"}.`;
    }
    case "WAIT":
      return "Waits, as it does in every run.";
    case "DECISION":
      return "Looks at its conditions; nothing else is done.";
    default:
      return "What it does is done for real.";
  }
}

/** The schema of a form that begins with these values instead of its defaults. */
export function beginningWith(schema: JsonObject | null, values: Json | undefined): JsonObject | null {
  if (!schema || !isObject(values)) return schema;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const filled = Object.entries(properties).map(([name, inner]) => [name, isObject(inner) && name in values ? { ...inner, default: values[name]! } : inner] as const);
  return { ...schema, properties: Object.fromEntries(filled) };
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
