/** Who writes and who reads a variable, a field of the input, a key of the room's memory. */

import { writtenBy } from "./assigned.ts";
import { leaving, type Json, type WorkflowDocument, type WorkflowNode } from "./document.ts";
import { namesRead, templatesOf } from "./references.ts";

export type Use = { readonly writes: readonly string[]; readonly reads: readonly string[] };

export function useOf(document: WorkflowDocument, node: WorkflowNode): Use {
  return { writes: writesOf(document, node), reads: [...new Set(readsOf(document, node))].sort() };
}

function writesOf(document: WorkflowDocument, node: WorkflowNode): string[] {
  if (node.type === "START") return Object.keys((document.input_schema?.["properties"] ?? {}) as object).map((name) => `input.${name}`);
  const variable = writtenBy(document, node);
  const kept = node.disabled ? [] : Object.keys(node.remember ?? {}).map((key) => `memory.${key}`);
  return [...(variable ? [`vars.${variable}`] : []), ...kept];
}

function readsOf(document: WorkflowDocument, node: WorkflowNode): string[] {
  const { until, ...config } = node.config;
  const bare = [...(typeof until === "string" ? [until] : []), ...Object.values(node.remember ?? {}), ...leaving(document, node.id).map((way) => way.when ?? "")];
  return [...bare, ...templatesIn(config)].flatMap(namesRead);
}

function templatesIn(value: Json): string[] {
  if (typeof value === "string") return templatesOf(value);
  return value !== null && typeof value === "object" ? Object.values(value).flatMap((inner) => templatesIn(inner as Json)) : [];
}

export type Role = "self" | "writer" | "reader" | "other";
export type Looked = Use & { readonly role: Role };

/** What every node writes and reads; with a node in `focus`, who writes what it reads and who reads what it writes. */
export function lensOf(document: WorkflowDocument, focus: string | null): ReadonlyMap<string, Looked> {
  const uses = new Map(document.nodes.map((node) => [node.id, useOf(document, node)]));
  const self = focus ? uses.get(focus) : undefined;
  const role = (id: string, use: Use): Role => {
    if (!self || id === focus) return "self";
    if (use.writes.some((name) => self.reads.includes(name))) return "writer";
    return use.reads.some((name) => self.writes.includes(name)) ? "reader" : "other";
  };
  return new Map([...uses].map(([id, use]) => [id, { ...use, role: role(id, use) }]));
}
