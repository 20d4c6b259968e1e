/** Find and replace over all that people write in a workflow: names, descriptions, settings, conditions, notes. */

import type { Json, JsonObject, Note, Transition, WorkflowDocument, WorkflowNode } from "./document.ts";

export type Query = { readonly text: string; readonly isExact: boolean };

/** A field that holds the text: whose it is, its name, and what stands around the first occurrence. */
export type Hit = {
  readonly place: "nodes" | "transitions" | "notes" | "head";
  /** Empty for the workflow's own fields. */
  readonly id: string;
  readonly field: string;
  readonly before: string;
  readonly match: string;
  readonly after: string;
  readonly count: number;
};

const AROUND = 24;
/** Ids have their own way to be changed, which carries along all that names them. */
const FIXED: ReadonlySet<string> = new Set(["id", "type", "source", "target", "on", "save_as", "format", "position"]);
const FOUND_TOO: ReadonlySet<string> = new Set(["id", "save_as"]);

export function find(document: WorkflowDocument, query: Query): Hit[] {
  const pattern = patternOf(query);
  if (!pattern) return [];
  const { nodes, transitions, notes, ...head } = document;
  const inItems = (place: Hit["place"], items: readonly { readonly id: string }[]): Hit[] =>
    items.flatMap((item) => hitsIn(item as unknown as JsonObject, pattern, { place, id: item.id }));
  return [
    ...hitsIn(head as unknown as JsonObject, pattern, { place: "head", id: "" }),
    ...inItems("nodes", nodes),
    ...inItems("transitions", transitions),
    ...inItems("notes", notes),
  ];
}

/** The document with the text replaced in one field, or in every field, and how often. */
export function replace(document: WorkflowDocument, query: Query, by: string, only?: Hit): { readonly document: WorkflowDocument; readonly count: number } {
  const pattern = patternOf(query);
  if (!pattern) return { document, count: 0 };
  let count = 0;
  const change = (text: string): string =>
    text.replace(pattern, () => {
      count += 1;
      return by;
    });
  const within = <T extends { readonly id: string }>(place: Hit["place"], items: readonly T[]): readonly T[] =>
    items.map((item) => (only && (only.place !== place || only.id !== item.id) ? item : (changed(item as unknown as JsonObject, change, only?.field) as unknown as T)));
  const { nodes, transitions, notes, ...head } = document;
  const isHead = !only || only.place === "head";
  const after = {
    ...(isHead ? (changed(head as unknown as JsonObject, change, only?.field) as unknown as WorkflowDocument) : head),
    nodes: within<WorkflowNode>("nodes", nodes),
    transitions: within<Transition>("transitions", transitions),
    notes: within<Note>("notes", notes),
  };
  return { document: count ? after : document, count };
}

function patternOf({ text, isExact }: Query): RegExp | null {
  if (!text) return null;
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), isExact ? "g" : "gi");
}

function hitsIn(item: JsonObject, pattern: RegExp, where: Pick<Hit, "place" | "id">): Hit[] {
  return Object.entries(item).flatMap(([key, value]) =>
    FIXED.has(key) && !FOUND_TOO.has(key) ? [] : texts(value, key).flatMap(([field, text]) => hit(text, field, pattern, where)),
  );
}

function hit(text: string, field: string, pattern: RegExp, where: Pick<Hit, "place" | "id">): Hit[] {
  const matches = [...text.matchAll(pattern)];
  const [first] = matches;
  if (!first) return [];
  const end = first.index + first[0].length;
  const before = text.slice(Math.max(0, first.index - AROUND), first.index);
  return [{ ...where, field, before: first.index > AROUND ? `…${before}` : before, match: first[0], after: text.slice(end, end + 2 * AROUND), count: matches.length }];
}

/** Every text in a value with the path to it, as "config.arguments.expression"; the names of settings are none. */
function texts(value: Json | undefined, path: string): [string, string][] {
  if (typeof value === "string") return [[path, value]];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => texts(inner as Json, `${path}.${key}`));
}

function changed(item: JsonObject, change: (text: string) => string, field?: string): JsonObject {
  const entries = Object.entries(item).map(([key, value]) => [key, FIXED.has(key) ? value : inValue(value, key, change, field)] as const);
  return entries.every(([key, value]) => item[key] === value) ? item : Object.fromEntries(entries);
}

function inValue(value: Json, path: string, change: (text: string) => string, field?: string): Json {
  if (typeof value === "string") return field === undefined || field === path ? change(value) : value;
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, inValue(inner as Json, `${path}.${key}`, change, field)] as const);
  const isSame = entries.every(([key, inner]) => (value as JsonObject)[key] === inner);
  if (isSame) return value;
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
