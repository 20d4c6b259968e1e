/** What a workflow can be made of, as the server tells it: node types, tools, providers. */

import type { JsonObject, Outcome } from "../document/document.ts";

export type NodeType = {
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly icon: string;
  readonly category: string;
  readonly outcomes: readonly Outcome[];
  readonly params: JsonObject;
  readonly common: JsonObject;
};

export type Tool = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly effect: string;
  readonly parameters: JsonObject;
  readonly returns: JsonObject | null;
};

export type Provider = {
  readonly name: string;
  readonly title: string;
  readonly configured: boolean;
  readonly models: readonly string[];
  readonly note?: string | null;
};

export type Catalogue = {
  readonly node_types: readonly NodeType[];
  readonly tools: readonly Tool[];
  readonly providers: readonly Provider[];
  readonly transitions: readonly { readonly on: string; readonly description: string }[];
  readonly limits: JsonObject;
};

export const EMPTY: Catalogue = { node_types: [], tools: [], providers: [], transitions: [], limits: {} };

export function typeOf(catalogue: Catalogue, type: string): NodeType | undefined {
  return catalogue.node_types.find((each) => each.type === type);
}

export function toolOf(catalogue: Catalogue, name: unknown): Tool | undefined {
  return catalogue.tools.find((each) => each.name === name);
}

/** What a node is made from: a node type, or a tool that a step calls. */
export type Offer = {
  /** The type's name, or "TOOL_EXECUTION/calculator". */
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly icon: string;
  /** What its ids begin with; of a type, that is settled by the type. */
  readonly stem?: string;
  readonly config?: JsonObject;
};

/** All that can be added: the types in the palette's order, then every tool by its own name. */
export function offersIn(catalogue: Catalogue): Offer[] {
  const types = shelves(catalogue).flatMap((shelf) => shelf.types);
  const icon = typeOf(catalogue, TOOL)?.icon ?? "";
  return [
    ...types.map((type): Offer => ({ ...type, id: type.type })),
    ...catalogue.tools.map(({ name, title, description }): Offer => ({
      id: `${TOOL}/${name}`, type: TOOL, title, description, icon, stem: name, config: { tool: name },
    })),
  ];
}

const TOOL = "TOOL_EXECUTION";

export function outcomesIn(catalogue: Catalogue): (type: string) => readonly Outcome[] {
  const outcomes = new Map(catalogue.node_types.map((each) => [each.type, each.outcomes]));
  return (type) => outcomes.get(type) ?? ["SUCCESS", "FAILURE"];
}

const SHELVES: Readonly<Record<string, string>> = { logic: "Flow", work: "Work" };
const ORDER: readonly string[] = ["START", "AGENT_TASK", "TOOL_EXECUTION", "DECISION", "PARALLEL", "WAIT", "END"];

export type Shelf = { readonly title: string; readonly types: readonly NodeType[] };

/** The node types in the palette's order: work first, then what directs it, then whatever plug-ins bring. */
export function shelves(catalogue: Catalogue): Shelf[] {
  const rank = (type: NodeType): number => (ORDER.indexOf(type.type) + ORDER.length + 1) % (ORDER.length + 1);
  const categories = [...new Set(["work", "logic", ...catalogue.node_types.map((each) => each.category)])];
  return categories
    .map((category) => ({
      title: SHELVES[category] ?? category.charAt(0).toUpperCase() + category.slice(1),
      types: catalogue.node_types.filter((each) => each.category === category).sort((one, other) => rank(one) - rank(other)),
    }))
    .filter((shelf) => shelf.types.length);
}
