/** The workflow document as the browser holds it: immutable, and sent in exactly the format's fields. */

/** A name may have ten thousand letters; nobody reads them on a card, or hears them told. */
const TITLE = 120;
/** Marks that turn the direction of all that follows. */
const TURNS = /[\u202A-\u202E\u2066-\u2069]/g;

export const FORMAT = "openrooms/workflow@1";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export type Outcome = "SUCCESS" | "FAILURE" | "TIMEOUT";
export type On = "ALWAYS" | "CONDITION_MET" | Outcome;
export const ON: readonly On[] = ["ALWAYS", "SUCCESS", "FAILURE", "TIMEOUT", "CONDITION_MET"];

export type Position = { readonly x: number; readonly y: number };

export type WorkflowNode = {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly position?: Position;
  readonly config: JsonObject;
  readonly description?: string;
  readonly save_as?: string;
  readonly retry?: JsonObject;
  readonly timeout_s?: number;
  readonly remember?: { readonly [key: string]: string };
  readonly disabled?: boolean;
};

export type Transition = {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly on: On;
  readonly when?: string;
  readonly priority?: number;
  readonly name?: string;
};

export type Note = {
  readonly id: string;
  readonly text: string;
  readonly position?: Position;
  readonly width?: number;
  readonly height?: number;
  readonly color?: string;
};

export type WorkflowDocument = {
  readonly format: typeof FORMAT;
  readonly name: string;
  readonly description?: string;
  readonly input_schema?: JsonObject;
  readonly limits?: JsonObject;
  readonly nodes: readonly WorkflowNode[];
  readonly transitions: readonly Transition[];
  readonly notes: readonly Note[];
};

/** The document in a server's answer or a file: absent and null optionals are one thing here. */
export function readDocument(raw: JsonObject): WorkflowDocument {
  const list = (key: string): JsonObject[] => (Array.isArray(raw[key]) ? raw[key] : []).filter(isItem).map(withoutNulls).map(placed);
  return {
    ...withoutNulls(raw),
    format: FORMAT,
    name: String(raw["name"] ?? ""),
    nodes: list("nodes").map((node) => ({ ...node, config: isObject(node["config"]) ? node["config"] : {} }) as unknown as WorkflowNode),
    transitions: list("transitions") as unknown as Transition[],
    notes: list("notes") as unknown as Note[],
  };
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** What can be drawn at all; a draft that a program wrote may hold anything. */
function isItem(value: unknown): value is JsonObject {
  return isObject(value) && typeof value["id"] === "string";
}

/** A place that is none is laid out anew. */
function placed(item: JsonObject): JsonObject {
  const { position, ...rest } = item;
  const isPlace = isObject(position) && [position["x"], position["y"]].every(Number.isFinite);
  return position === undefined || isPlace ? item : rest;
}

/** The document as it is sent: no field the format does not know, no optional left empty. */
export function wire(document: WorkflowDocument): JsonObject {
  const { nodes, transitions, notes, ...head } = document;
  return {
    ...withoutEmpties(head),
    format: FORMAT,
    name: document.name,
    nodes: nodes.map(wireNode),
    transitions: transitions.map((transition) => withoutEmpties(transition)),
    ...(notes.length ? { notes: notes.map((note) => ({ ...withoutEmpties(note), text: note.text })) } : {}),
  };
}

function wireNode(node: WorkflowNode): JsonObject {
  const { config, disabled, ...rest } = node;
  return {
    ...withoutEmpties(rest),
    ...(disabled ? { disabled: true } : {}),
    ...(Object.keys(config).length ? { config } : {}),
  };
}

/** Whether two documents are the same once sent. */
export function isSame(one: WorkflowDocument, other: WorkflowDocument): boolean {
  return one === other || JSON.stringify(sorted(wire(one))) === JSON.stringify(sorted(wire(other)));
}

/** The same value with the keys of its objects in order, so that equal values print equally. */
export function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** What people read for a node, in a list or in the middle of a sentence: short, and in the direction of what is around it. */
export function titleOf({ id, name }: { readonly id: string; readonly name?: string | null }): string {
  const shown = name?.slice(0, 2 * TITLE).replace(TURNS, "").trim() ?? "";
  return (shown.length > TITLE ? `${[...shown].slice(0, TITLE).join("")}…` : shown) || id;
}

/** The name under `vars` that holds this node's last output. */
export function variableOf(node: WorkflowNode): string {
  return node.save_as || node.id;
}

export function nodeOf(document: WorkflowDocument, id: string): WorkflowNode | undefined {
  return document.nodes.find((node) => node.id === id);
}

export function transitionOf(document: WorkflowDocument, id: string): Transition | undefined {
  return document.transitions.find((transition) => transition.id === id);
}

/** The ways out of a node in the order they are tried: by priority, then as written. */
export function leaving(document: WorkflowDocument, id: string): Transition[] {
  return document.transitions
    .filter((transition) => transition.source === id)
    .sort((one, other) => (one.priority ?? 0) - (other.priority ?? 0));
}

export function entering(document: WorkflowDocument, id: string): Transition[] {
  return document.transitions.filter((transition) => transition.target === id);
}

function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0;
}

function withoutEmpties(value: object): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => !isEmpty(inner))) as JsonObject;
}
