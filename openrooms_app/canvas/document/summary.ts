/** One line on what a node does, for its card: the model, the tool, the time it waits; or what is still missing. */

import type { Json, JsonObject, WorkflowDocument, WorkflowNode } from "./document.ts";

export type Summary = { readonly text: string; readonly isMissing?: boolean };

/** What a summary may mention beyond the node itself. */
export type Surroundings = {
  readonly document: Pick<WorkflowDocument, "input_schema">;
  readonly comingIn: number;
  readonly goingOut: number;
  readonly toolTitle: (name: string) => string | undefined;
};

export function summaryOf(node: WorkflowNode, around: Surroundings): Summary {
  const write = SUMMARIES[node.type];
  return write ? write(node.config, around) : { text: firstValue(node.config) };
}

const SUMMARIES: Readonly<Record<string, (config: JsonObject, around: Surroundings) => Summary>> = {
  START: (_, { document }) => ({ text: inputNames(document.input_schema) }),
  END: (config) => ({ text: resultNames(config["output"]) }),
  AGENT_TASK: agent,
  TOOL_EXECUTION: tool,
  DECISION: () => ({ text: "first true way" }),
  PARALLEL: parallel,
  WAIT: wait,
};

function inputNames(schema: JsonObject | undefined): string {
  const names = Object.keys((schema?.["properties"] ?? {}) as JsonObject);
  return names.length ? names.join(", ") : "no input";
}

function resultNames(output: Json | undefined): string {
  if (output === undefined || output === null) return "no result";
  if (typeof output !== "object" || Array.isArray(output)) return short(output);
  return Object.keys(output).join(", ") || "no result";
}

function agent(config: JsonObject): Summary {
  const name = typeof config["agent"] === "string" ? config["agent"] : "";
  if (!config["provider"] && !name) return { text: "choose a provider", isMissing: true };
  if (!config["prompt"]) return { text: "write a prompt", isMissing: true };
  const tools = Array.isArray(config["tools"]) ? config["tools"].length : 0;
  const model = name || String(config["model"] || config["provider"]);
  return { text: tools ? `${model} · ${tools} ${tools === 1 ? "tool" : "tools"}` : model };
}

function tool(config: JsonObject, { toolTitle }: Surroundings): Summary {
  const name = config["tool"];
  if (typeof name !== "string" || !name) return { text: "choose a tool", isMissing: true };
  const first = firstValue((config["arguments"] ?? {}) as JsonObject);
  const title = toolTitle(name) ?? name;
  return { text: first ? `${title} · ${first}` : title };
}

function parallel(config: JsonObject, { comingIn, goingOut }: Surroundings): Summary {
  const joins = comingIn > 1;
  const forks = goingOut > 1;
  const policy = config["wait_for"] ?? "all";
  const join = `join ${typeof policy === "number" ? `${policy} of ${comingIn}` : String(policy)}`;
  if (joins && forks) return { text: `${join}, fork ${goingOut}` };
  if (joins) return { text: join };
  return forks ? { text: `fork ${goingOut}` } : { text: "draw the branches", isMissing: true };
}

function wait(config: JsonObject): Summary {
  if (typeof config["signal"] === "string" && config["signal"]) return { text: `signal ${config["signal"]}` };
  if (typeof config["until"] === "string" && config["until"]) return { text: `until ${config["until"]}` };
  if (typeof config["duration_s"] === "number") return { text: `for ${duration(config["duration_s"])}` };
  return { text: "choose what to wait for", isMissing: true };
}

/** Seconds as people say them: "90 s", "5 min", "1 h 30 min", "2 d". */
export function duration(seconds: number): string {
  if (seconds < 120) return `${round(seconds)} s`;
  if (seconds < 7_200 && seconds % 60 === 0) return `${seconds / 60} min`;
  const units: readonly [number, string][] = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [size, unit] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count && parts.length < 2) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ");
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function firstValue(values: JsonObject): string {
  const value = Object.values(values).find((each) => each !== null && each !== "");
  return value === undefined ? "" : short(value);
}

function short(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
