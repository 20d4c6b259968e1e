/** Where expressions name a variable, and how they follow it when it gets a new name. */

import type { Json, JsonObject, Transition, WorkflowDocument, WorkflowNode } from "./document.ts";

const TEMPLATE = /\{\{([\s\S]*?)\}\}/g;
const STRING_OR_WORD = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z_][A-Za-z0-9_]*|[\s\S]/g;

/** Config fields that are one bare expression, not a text with templates. */
const EXPRESSION_FIELDS: ReadonlySet<string> = new Set(["until"]);

/** The document with `vars.<from>` read as `vars.<to>` in every expression. */
export function renameVariable(document: WorkflowDocument, from: string, to: string): WorkflowDocument {
  const inExpression = (source: string): string => renamed(source, from, to);
  const inValue = (value: Json): Json => inTemplates(value, inExpression);
  return {
    ...document,
    nodes: document.nodes.map((node) => nodeWith(node, inExpression, inValue)),
    transitions: document.transitions.map((transition) => transitionWith(transition, inExpression)),
  };
}

/** The expressions inside a text's `{{ }}`. */
export function templatesOf(text: string): string[] {
  return [...text.matchAll(TEMPLATE)].map((match) => match[1]!);
}

const ROOTS: ReadonlySet<string> = new Set(["vars", "input", "memory"]);

/** What an expression reads of the run: `vars.x`, `input.y`, `memory.z`. */
export function namesRead(source: string): string[] {
  const dense = (source.match(STRING_OR_WORD) ?? []).filter((token) => token.trim());
  return dense.flatMap((root, index) => {
    const [dot, name] = [dense[index + 1], dense[index + 2]];
    const isRead = ROOTS.has(root) && dense[index - 1] !== "." && dot === "." && /^[A-Za-z_]/.test(name ?? "");
    return isRead ? [`${root}.${name}`] : [];
  });
}

/** The inputs without which these expressions fail: one that is asked for with `has()` may be missing. */
export function inputsNeeded(sources: readonly string[]): string[] {
  const needed = sources.flatMap((source) => {
    const asked = new Set([...source.matchAll(/\bhas\(\s*input\.(\w+)/g)].map((match) => `input.${match[1]}`));
    return namesRead(source).filter((name) => name.startsWith("input.") && !asked.has(name));
  });
  return [...new Set(needed)].map((name) => name.slice("input.".length));
}

function renamed(source: string, from: string, to: string): string {
  const tokens = source.match(STRING_OR_WORD) ?? [];
  const solid: number[] = [];
  tokens.forEach((token, index) => token.trim() && solid.push(index));
  solid.forEach((at, rank) => {
    const before = (steps: number): string | undefined => tokens[solid[rank - steps] ?? -1];
    if (tokens[at] === from && before(1) === "." && before(2) === "vars" && before(3) !== ".") tokens[at] = to;
  });
  return tokens.join("");
}

function inTemplates(value: Json, change: (source: string) => string): Json {
  if (typeof value === "string") return value.replace(TEMPLATE, (_, inner: string) => `{{${change(inner)}}}`);
  if (Array.isArray(value)) return value.map((inner: Json) => inTemplates(inner, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inTemplates(inner as Json, change)]));
}

function nodeWith(node: WorkflowNode, inExpression: (source: string) => string, inValue: (value: Json) => Json): WorkflowNode {
  const config = Object.fromEntries(
    Object.entries(node.config).map(([key, value]) => [
      key,
      EXPRESSION_FIELDS.has(key) && typeof value === "string" ? inExpression(value) : inValue(value),
    ]),
  ) as JsonObject;
  const changed = JSON.stringify(config) === JSON.stringify(node.config) ? node : { ...node, config };
  if (!node.remember) return changed;
  const remember = Object.fromEntries(Object.entries(node.remember).map(([key, source]) => [key, inExpression(source)]));
  return { ...changed, remember };
}

function transitionWith(transition: Transition, inExpression: (source: string) => string): Transition {
  if (!transition.when) return transition;
  const when = inExpression(transition.when);
  return when === transition.when ? transition : { ...transition, when };
}
