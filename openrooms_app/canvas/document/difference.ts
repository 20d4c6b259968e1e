/** How two documents differ in meaning: nodes and transitions that were added, removed or changed, and in what. */

import { sorted, type Json, type JsonObject, type WorkflowDocument } from "./document.ts";

export type Change = "added" | "removed" | "changed";

/** One thing that differs; of one that changed, each field as it was and is. */
export type Difference = {
  readonly place: "nodes" | "transitions" | "head";
  readonly id: string;
  readonly change: Change;
  readonly fields: readonly { readonly field: string; readonly was: Json | undefined; readonly is: Json | undefined }[];
};

type Item = { readonly id: string };
const LAYOUT: ReadonlySet<string> = new Set(["position"]);
const IN_LISTS: ReadonlySet<string> = new Set(["nodes", "transitions", "notes", "format"]);

export function differences(before: WorkflowDocument, after: WorkflowDocument): Difference[] {
  const head = fieldsThatDiffer(without(before, IN_LISTS), without(after, IN_LISTS));
  return [
    ...(head.length ? [{ place: "head" as const, id: "", change: "changed" as const, fields: head }] : []),
    ...listed("nodes", before.nodes, after.nodes),
    ...listed("transitions", before.transitions, after.transitions),
  ];
}

/** Both in one drawing: the later document, and what it has no more. */
export function union(before: WorkflowDocument, after: WorkflowDocument): WorkflowDocument {
  const lost = <T extends Item>(was: readonly T[], is: readonly T[]): T[] => {
    const there = new Set(is.map(({ id }) => id));
    return was.filter(({ id }) => !there.has(id));
  };
  return {
    ...after,
    nodes: [...after.nodes, ...lost(before.nodes, after.nodes)],
    transitions: [...after.transitions, ...lost(before.transitions, after.transitions)],
  };
}

function listed(place: "nodes" | "transitions", before: readonly Item[], after: readonly Item[]): Difference[] {
  const [were, are] = [byId(before), byId(after)];
  const ids = [...new Set([...are.keys(), ...were.keys()])];
  return ids.flatMap((id): Difference[] => {
    const [was, is] = [were.get(id), are.get(id)];
    if (!was || !is) return [{ place, id, change: is ? "added" : "removed", fields: [] }];
    const fields = fieldsThatDiffer(without(was, LAYOUT), without(is, LAYOUT));
    return fields.length ? [{ place, id, change: "changed", fields }] : [];
  });
}

function byId(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.id, item]));
}

function without(item: object, left: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([key]) => !left.has(key))) as JsonObject;
}

/** The deepest paths at which two values differ, as "config.arguments.expression". */
function fieldsThatDiffer(was: JsonObject, is: JsonObject, path = ""): Difference["fields"] {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return keys.flatMap((key) => {
    const [one, other] = [was[key], is[key]];
    if (isEqual(one, other)) return [];
    const field = path ? `${path}.${key}` : key;
    return isRecord(one) && isRecord(other) ? fieldsThatDiffer(one, other, field) : [{ field, was: one, is: other }];
  });
}

function isRecord(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function isEqual(one: Json | undefined, other: Json | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
}
