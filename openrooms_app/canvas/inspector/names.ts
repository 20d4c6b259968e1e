/** The names that an expression at a place of the workflow can read, for completion. */

import { assignedBefore, writtenBy } from "../document/assigned.ts";
import { entering, titleOf, variableOf, type Json, type JsonObject, type WorkflowDocument, type WorkflowNode } from "../document/document.ts";
import { toolOf, type Catalogue } from "../state/catalogue.ts";
import { inShort, valueOf, type LastRun } from "../state/last-run.ts";

export type Name = {
  readonly name: string;
  readonly detail: string;
  /** Not written on every way that leads here: offered only where an expression asks whether it is. */
  readonly isMaybe?: boolean;
};

const RUN: readonly Name[] = [
  { name: "run.id", detail: "this run" },
  { name: "run.number", detail: "its number in the room" },
  { name: "run.room_id", detail: "the room" },
  { name: "run.started_at", detail: "when it began" },
  { name: "run.step", detail: "steps so far" },
];
const LAST: readonly Name[] = [
  { name: "outcome", detail: "of the last step" },
  { name: "error.code", detail: "after a failure" },
  { name: "error.message", detail: "after a failure" },
  { name: "error.node_id", detail: "after a failure" },
];
const DEPTH = 4;

/** Names at a node; `isAfter` for what is asked when the node is done: its ways out, what it remembers. */
export function namesAt(document: WorkflowDocument, catalogue: Catalogue, nodeId: string, isAfter: boolean): Name[] {
  const before = nodesBefore(document, nodeId);
  const writers = document.nodes.filter((node) => before.has(node.id) || (isAfter && node.id === nodeId));
  const certain = assignedBefore(document)(nodeId);
  const isMaybe = (node: WorkflowNode): boolean => !(isAfter && node.id === nodeId) && !certain.has(variableOf(node));
  return unique([
    ...inSchema("input", document.input_schema, "input"),
    ...writers.flatMap((node) => variables(document, node, catalogue).map((name) => (isMaybe(node) ? { ...name, isMaybe: true } : name))),
    ...memory(document),
    ...LAST,
    ...RUN,
  ]);
}

/** The names, each with the value that the last run left it with. */
export function withValues(names: readonly Name[], run: LastRun | null): Name[] {
  return names.map((name) => {
    const value = run ? valueOf(run.scope, name.name) : undefined;
    return value === undefined ? name : { ...name, detail: inShort(value, 40) };
  });
}

/** Every node from which a run can come to this one; itself too when it stands in a loop. */
function nodesBefore(document: WorkflowDocument, nodeId: string): ReadonlySet<string> {
  const found = new Set<string>();
  const todo = [nodeId];
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    for (const { source } of entering(document, id)) {
      if (found.has(source)) continue;
      found.add(source);
      todo.push(source);
    }
  }
  return found;
}

function variables(document: WorkflowDocument, node: WorkflowNode, catalogue: Catalogue): Name[] {
  return writtenBy(document, node) ? inSchema(`vars.${variableOf(node)}`, outputSchema(node, catalogue), titleOf(node)) : [];
}

/** What is known of a node's output. */
function outputSchema(node: WorkflowNode, catalogue: Catalogue): JsonObject | undefined {
  const given = node.config["output_schema"] ?? node.config["form_schema"];
  if (isObject(given)) return given;
  return (node.type === "TOOL_EXECUTION" && toolOf(catalogue, node.config["tool"])?.returns) || undefined;
}

function memory(document: WorkflowDocument): Name[] {
  const kept = document.nodes.flatMap((node) => [
    ...Object.keys(node.remember ?? {}).map((key) => ({ name: `memory.${key}`, detail: titleOf(node) })),
    ...stored(node),
  ]);
  return [...kept, { name: "memory", detail: "the room's memory" }];
}

function stored(node: WorkflowNode): Name[] {
  const values = node.config["arguments"];
  const key = node.config["tool"] === "memory_store" && isObject(values) ? values["key"] : undefined;
  return typeof key === "string" && /^[a-z]\w*$/.test(key) ? [{ name: `memory.${key}`, detail: titleOf(node) }] : [];
}

function inSchema(name: string, schema: JsonObject | undefined, detail: string, depth = 0): Name[] {
  const properties = schema?.["properties"];
  const inner = isObject(properties) && depth < DEPTH ? Object.entries(properties) : [];
  return [
    { name, detail },
    ...inner.flatMap(([key, value]) =>
      /^[A-Za-z_]\w*$/.test(key) && isObject(value) ? inSchema(`${name}.${key}`, value, typeWord(value) || detail, depth + 1) : [],
    ),
  ];
}

function typeWord(schema: JsonObject): string {
  return typeof schema["type"] === "string" ? schema["type"] : "";
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** One of each name; it is certain as soon as one of its writers makes it so. */
function unique(names: readonly Name[]): Name[] {
  const found = new Map<string, Name>();
  for (const name of names) if (!found.has(name.name) || !name.isMaybe) found.set(name.name, name);
  return [...found.values()];
}

export type Mode = "template" | "expression" | "plain";

/** What could stand at the caret instead of the letters from `from` on. */
export type Suggestion = { readonly from: number; readonly names: readonly Name[] };

/** Completions at the caret; null where no name can stand. */
export function suggest(text: string, caret: number, mode: Mode, names: readonly Name[]): Suggestion | null {
  const before = text.slice(0, caret);
  const opened = mode === "template" ? before.lastIndexOf("{{") + 2 : 0;
  if (mode === "plain" || (mode === "template" && (opened < 2 || before.lastIndexOf("}}") >= opened))) return null;
  const source = before.slice(opened);
  const word = /[A-Za-z_][\w.]*$/.exec(source)?.[0] ?? "";
  if (isInText(source) || (!word && source.trim() !== "") || /[\w.]$/.test(source.slice(0, source.length - word.length))) return null;
  const wanted = word.toLowerCase();
  const isAsking = /\bhas\(\s*$/.test(source.slice(0, source.length - word.length));
  const found = names.filter(({ name, isMaybe }) => (!isMaybe || isAsking) && name.toLowerCase().includes(wanted) && name !== word);
  const rank = ({ name }: Name): number => (name.toLowerCase().startsWith(wanted) ? 0 : 1);
  return found.length ? { from: caret - word.length, names: found.sort((one, other) => rank(one) - rank(other)) } : null;
}

/** The text with a name in place of the letters typed of it; a template that is still open is closed. */
export function complete(text: string, caret: number, from: number, name: string, mode: Mode): { text: string; caret: number } {
  const after = text.slice(caret);
  const isOpen = mode === "template" && !/^(?:(?!\{\{)[\s\S])*?\}\}/.test(after);
  const put = `${mode === "template" && text[from - 1] === "{" ? " " : ""}${name}${isOpen ? " }}" : ""}`;
  return { text: `${text.slice(0, from)}${put}${after}`, caret: from + put.length };
}

/** Whether the end of the source stands between quotes. */
function isInText(source: string): boolean {
  return /^(?:[^"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*$/.exec(source) === null;
}
