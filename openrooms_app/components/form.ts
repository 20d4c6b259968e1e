/** A form out of a JSON Schema: its fields, what they begin with, and the value that is sent. */

import type { Json, JsonObject } from "./json.ts";

export type Kind = "text" | "area" | "number" | "integer" | "boolean" | "choice" | "json";

export type Field = {
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  readonly kind: Kind;
  readonly isRequired: boolean;
  readonly choices: readonly Json[];
  readonly initial: Json | undefined;
  readonly limits: { readonly min?: number; readonly max?: number; readonly minLength?: number; readonly maxLength?: number };
};

/** What is in the inputs: text, except for a tick box. */
export type Draft = Readonly<Record<string, string | boolean>>;
export type Faults = Readonly<Record<string, string>>;

/** The one field of a form whose schema is no object with properties: the whole value as JSON. */
export const WHOLE = "";

export function fieldsOf(schema: JsonObject | null | undefined): readonly Field[] {
  const properties = schema?.["properties"];
  if (!schema || !isObject(properties) || !Object.keys(properties).length) return [wholeField(schema ?? null)];
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as readonly Json[]) : []);
  return Object.entries(properties).map(([name, inner]) => fieldOf(name, isObject(inner) ? inner : {}, required.has(name)));
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
  return Object.fromEntries(fields.map((field) => [field.name, inputOf(field)]));
}

/** The value that the form holds, or what is wrong with it by field. */
export function valueOf(fields: readonly Field[], draft: Draft): { readonly value: Json; readonly faults: Faults } {
  const faults: Record<string, string> = {};
  const value: Record<string, Json> = {};
  for (const field of fields) {
    const read = readField(field, draft[field.name] ?? "");
    if (typeof read === "string") faults[field.name] = read;
    else if (read) value[field.name] = read.value;
  }
  const [only] = fields;
  return { value: only?.name === WHOLE ? (value[WHOLE] ?? null) : value, faults };
}

function fieldOf(name: string, schema: JsonObject, isRequired: boolean): Field {
  const [choices, kind] = kindOf(schema);
  const number = (key: string): number | undefined => (typeof schema[key] === "number" ? (schema[key] as number) : undefined);
  return {
    name,
    title: typeof schema["title"] === "string" ? schema["title"] : name.replaceAll("_", " "),
    hint: typeof schema["description"] === "string" ? schema["description"] : "",
    kind,
    isRequired,
    choices,
    initial: schema["default"],
    limits: withoutHoles({
      min: number("minimum"), max: number("maximum"), minLength: number("minLength"), maxLength: number("maxLength"),
    }),
  };
}

function wholeField(schema: JsonObject | null): Field {
  const initial = schema?.["default"] ?? (schema?.["type"] === "object" ? {} : undefined);
  return { name: WHOLE, title: "Value", hint: "JSON", kind: "json", isRequired: false, choices: [], initial, limits: {} };
}

const LONG = 120;

function kindOf(schema: JsonObject): [readonly Json[], Kind] {
  if (Array.isArray(schema["enum"])) return [schema["enum"] as readonly Json[], "choice"];
  if ("const" in schema) return [[schema["const"]!], "choice"];
  const given = schema["type"];
  const type = Array.isArray(given) ? given.find((each) => each !== "null") : given;
  if (type === "number" || type === "integer" || type === "boolean") return [[], type];
  if (type !== "string") return [[], "json"];
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
  return kind === "json" ? JSON.stringify(initial, null, 2) : String(initial);
}

/** The value of a field; null when it is left out; a sentence when it can't be sent. */
function readField(field: Field, input: string | boolean): { readonly value: Json } | null | string {
  if (typeof input === "boolean") return { value: input };
  if (input.trim() === "" && field.kind !== "text" && field.kind !== "area") return missing(field);
  switch (field.kind) {
    case "choice":
      return { value: field.choices[Number(input)] ?? null };
    case "number":
    case "integer":
      return readNumber(field, input);
    case "json":
      return readJson(input);
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
