/** A form out of a JSON Schema: its fields, what they begin with, and the value that is sent. */

import type { Json, JsonObject } from "./json.ts";

export type Kind = "text" | "area" | "number" | "integer" | "boolean" | "choice" | "date" | "moment" | "lines" | "group" | "json";

export type Field = {
  readonly name: string;
  /** What the draft and its faults are kept by: the names of the groups around it, and its own. */
  readonly path: string;
  readonly title: string;
  readonly hint: string;
  readonly kind: Kind;
  readonly isRequired: boolean;
  readonly choices: readonly Json[];
  readonly initial: Json | undefined;
  readonly limits: { readonly min?: number; readonly max?: number; readonly minLength?: number; readonly maxLength?: number };
  /** Of a group. */
  readonly fields: readonly Field[];
};

/** What is in the inputs: text, except for a tick box. */
export type Draft = Readonly<Record<string, string | boolean>>;
export type Faults = Readonly<Record<string, string>>;

/** The one field of a form whose schema is no object with properties: the whole value as JSON. */
export const WHOLE = "";

export function fieldsOf(schema: JsonObject | null | undefined): readonly Field[] {
  const properties = schema?.["properties"];
  if (!schema || !isObject(properties) || !Object.keys(properties).length) return [wholeField(schema ?? null)];
  return fieldsIn(schema, "", schema["default"]);
}

/** A form within a form within a form; what lies deeper is asked for as JSON. */
const DEEPEST = 3;

function fieldsIn(schema: JsonObject, around: string, initial: Json | undefined): readonly Field[] {
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as readonly Json[]) : []);
  return Object.entries(schema["properties"] as JsonObject).map(([name, inner]) => {
    const own: JsonObject = isObject(inner) ? inner : {};
    const given = isObject(initial) && name in initial ? { ...own, default: initial[name]! } : own;
    return fieldOf(name, around + name.replaceAll("/", "~1"), given, required.has(name));
  });
}

/** Whether the server can complete an empty value by the schema's defaults, so that nobody has to be asked. */
export function isOptional(schema: JsonObject | null | undefined): boolean {
  if (!schema) return true;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const hasDefault = (name: Json): boolean => {
    const inner = properties[String(name)];
    return isObject(inner) && "default" in inner;
  };
  return (schema["type"] ?? "object") === "object" && required.every(hasDefault);
}

export function draftOf(fields: readonly Field[]): Draft {
  return Object.fromEntries(leavesOf(fields).map((field) => [field.path, inputOf(field)]));
}

/** The value that the form holds, or what is wrong with it by field. */
export function valueOf(fields: readonly Field[], draft: Draft): { readonly value: Json; readonly faults: Faults } {
  const faults: Record<string, string> = {};
  const value = valueIn(fields, draft, faults);
  const [only] = fields;
  return { value: only?.name === WHOLE ? (value[WHOLE] ?? null) : value, faults };
}

function valueIn(fields: readonly Field[], draft: Draft, faults: Record<string, string>): Record<string, Json> {
  const value: Record<string, Json> = {};
  for (const field of fields) {
    if (field.kind === "group") {
      if (field.isRequired || isTouched(field, draft)) value[field.name] = valueIn(field.fields, draft, faults);
      continue;
    }
    const read = readField(field, draft[field.path] ?? "");
    if (typeof read === "string") faults[field.path] = read;
    else if (read) value[field.name] = read.value;
  }
  return value;
}

/** A group that need not be is left out as long as nothing of it was filled in. */
function isTouched(group: Field, draft: Draft): boolean {
  return leavesOf(group.fields).some(({ path }) => draft[path] !== "" && draft[path] !== false);
}

function leavesOf(fields: readonly Field[]): readonly Field[] {
  return fields.flatMap((field) => (field.kind === "group" ? leavesOf(field.fields) : [field]));
}

/** A yes or no that must be given and has no default is asked for: a box that nobody touched would be a no. */
const YES_OR_NO: readonly [readonly Json[], Kind] = [[true, false], "choice"];

function fieldOf(name: string, path: string, schema: JsonObject, isRequired: boolean): Field {
  const isUndecided = isRequired && schema["type"] === "boolean" && !("default" in schema);
  const [choices, kind] = isUndecided ? YES_OR_NO : kindOf(schema, path.split("/").length < DEEPEST);
  const number = (key: string): number | undefined => (typeof schema[key] === "number" ? (schema[key] as number) : undefined);
  return {
    name,
    path,
    title: typeof schema["title"] === "string" ? schema["title"] : name.replaceAll("_", " "),
    hint: typeof schema["description"] === "string" ? schema["description"] : "",
    kind,
    isRequired,
    choices,
    initial: schema["default"],
    limits: withoutHoles({
      min: number("minimum"), max: number("maximum"), minLength: number("minLength"), maxLength: number("maxLength"),
    }),
    fields: kind === "group" ? fieldsIn(schema, `${path}/`, schema["default"]) : [],
  };
}

function wholeField(schema: JsonObject | null): Field {
  const initial = schema?.["default"] ?? (schema?.["type"] === "object" ? {} : undefined);
  return { name: WHOLE, path: WHOLE, title: "Value", hint: "JSON.", kind: "json", isRequired: false, choices: [], initial, limits: {}, fields: [] };
}

const LONG = 120;

function kindOf(schema: JsonObject, canNest: boolean): readonly [readonly Json[], Kind] {
  if (Array.isArray(schema["enum"])) return [schema["enum"] as readonly Json[], "choice"];
  if ("const" in schema) return [[schema["const"]!], "choice"];
  const given = schema["type"];
  const type = Array.isArray(given) ? given.find((each) => each !== "null") : given;
  if (type === "number" || type === "integer" || type === "boolean") return [[], type];
  if (canNest && isObject(schema["properties"]) && Object.keys(schema["properties"]).length) return [[], "group"];
  if (type === "array" && isObject(schema["items"]) && schema["items"]["type"] === "string" && !("enum" in schema["items"])) return [[], "lines"];
  if (type !== "string") return [[], "json"];
  if (schema["format"] === "date") return [[], "date"];
  if (schema["format"] === "date-time") return [[], "moment"];
  const isLong = schema["format"] === "textarea" || (typeof schema["maxLength"] === "number" && schema["maxLength"] > LONG);
  return [[], isLong ? "area" : "text"];
}

function inputOf(field: Field): string | boolean {
  const { initial, kind, choices } = field;
  if (kind === "boolean") return initial === true;
  if (kind === "choice") {
    const at = choices.findIndex((each) => JSON.stringify(each) === JSON.stringify(initial));
    return at >= 0 ? String(at) : "";
  }
  if (initial === undefined || (initial === null && kind !== "json")) return "";
  if (kind === "lines") return Array.isArray(initial) ? initial.join("\n") : "";
  if (kind === "moment") return localMoment(String(initial));
  return kind === "json" ? JSON.stringify(initial, null, 2) : String(initial);
}

/** As a browser's field takes a moment, by the clock here; empty for what is none. */
function localMoment(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? "" : new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The value of a field; null when it is left out; a sentence when it can't be sent. */
function readField(field: Field, input: string | boolean): { readonly value: Json } | null | string {
  if (typeof input === "boolean") return { value: input };
  if (input.trim() === "" && field.kind === "lines" && field.isRequired) return { value: [] };
  if (input.trim() === "" && field.kind !== "text" && field.kind !== "area") return missing(field);
  switch (field.kind) {
    case "choice":
      return { value: field.choices[Number(input)] ?? null };
    case "number":
    case "integer":
      return readNumber(field, input);
    case "json":
      return readJson(input);
    case "lines":
      return { value: input.split("\n").filter((line) => line.trim()) };
    case "moment":
      return { value: new Date(input).toISOString() };
    default:
      return readText(field, input);
  }
}

function missing(field: Field): null | string {
  return field.isRequired ? "This is needed." : null;
}

function readNumber({ kind, limits }: Field, input: string): { readonly value: Json } | string {
  const value = Number(input);
  if (!Number.isFinite(value)) return "This is no number.";
  if (kind === "integer" && !Number.isInteger(value)) return "This must be a whole number.";
  if (limits.min !== undefined && value < limits.min) return `At least ${limits.min}.`;
  if (limits.max !== undefined && value > limits.max) return `At most ${limits.max}.`;
  return { value };
}

function readText(field: Field, input: string): { readonly value: Json } | null | string {
  const { minLength, maxLength } = field.limits;
  if (input === "" && (!field.isRequired || minLength)) return missing(field);
  if (minLength !== undefined && input.length < minLength) return `At least ${minLength} characters.`;
  if (maxLength !== undefined && input.length > maxLength) return `At most ${maxLength} characters.`;
  return { value: input };
}

export function readJson(input: string): { readonly value: Json } | string {
  try {
    return { value: JSON.parse(input) as Json };
  } catch (error) {
    return `This is no JSON: ${(error as Error).message}.`;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function withoutHoles<T extends object>(limits: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as never;
}
