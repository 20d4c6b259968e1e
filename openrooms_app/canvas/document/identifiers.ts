/** Names that the format accepts: readable, unique whatever the case, never a word of the expression language. */

import type { WorkflowDocument } from "./document.ts";

const ID = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const KEY = /^[a-z][a-z0-9_]{0,63}$/;

export const RESERVED: ReadonlySet<string> = new Set(
  "input vars memory run room outcome error secrets env now true false null in".split(" "),
);

const PREFIXES: Readonly<Record<string, string>> = {
  START: "start",
  END: "end",
  AGENT_TASK: "agent",
  TOOL_EXECUTION: "tool",
};
/** Types of which a workflow mostly has one: the first is called by its type alone. */
const SOLITARY: ReadonlySet<string> = new Set(["START", "END"]);

/** A new id for a node of this type: `tool_1`, `decision_2`. */
export function newNodeId(document: WorkflowDocument, type: string): string {
  const prefix = PREFIXES[type] ?? wordOf(type);
  const taken = taking(document.nodes);
  if (SOLITARY.has(type) && !taken.has(prefix)) return prefix;
  return numbered(`${prefix.slice(0, 56)}_`, taken);
}

/** A new id from a name: `http_request`, `http_request_2`. */
export function namedNodeId(document: WorkflowDocument, name: string): string {
  return freeId(wordOf(name).slice(0, 56), new Set([...taking(document.nodes), ...RESERVED]));
}

function wordOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+/, "").replace(/_+$/, "") || "node";
}

export function newTransitionId(document: WorkflowDocument): string {
  return numbered("t", taking(document.transitions));
}

export function newNoteId(document: WorkflowDocument): string {
  return numbered("n", taking(document.notes));
}

/** `base`, or `base_2`, `base_3`… if it is taken. */
export function freeId(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base.toLowerCase())) return base;
  const stem = base.replace(/_\d+$/, "").slice(0, 56);
  return numbered(`${stem}_`, taken, 2);
}

/** The ids in use, in lower case: two ids that differ in case alone are one. */
export function taking(items: readonly { readonly id: string }[]): Set<string> {
  return new Set(items.map((item) => item.id.toLowerCase()));
}

/** What is wrong with an id for a node, in one sentence; null when nothing is. */
export function nodeIdFault(document: WorkflowDocument, id: string, current: string): string | null {
  if (!ID.test(id)) return "An id starts with a letter and holds letters, digits and _ (64 at most).";
  const others = document.nodes.filter((node) => node.id !== current);
  return taking(others).has(id.toLowerCase()) ? `Another node is called ${id} (case does not count).` : null;
}

/** What is wrong with the name of a variable or a memory key; null when nothing is. */
export function keyFault(key: string): string | null {
  if (!KEY.test(key)) return "A name starts with a small letter and holds small letters, digits and _ (64 at most).";
  return RESERVED.has(key) ? `${key} is a word of the expression language; choose another name.` : null;
}

function numbered(prefix: string, taken: ReadonlySet<string>, from = 1): string {
  let number = from;
  while (taken.has(`${prefix}${number}`.toLowerCase())) number += 1;
  return `${prefix}${number}`;
}
