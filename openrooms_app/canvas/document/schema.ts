/** A JSON Schema read as a form: one field for each property, of the kind that suits it. */

import type { Json, JsonObject } from "./document.ts";

export type FieldKind =
  | "text"
  | "expression"
  | "number"
  | "integer"
  | "boolean"
  | "choice"
  | "mixed" // a few words or a whole number
  | "strings"
  | "pairs" // names of the author's own, each with a value
  | "object"
  | "schema"
  | "json";

export type Choice = { readonly value: Json; readonly label: string };

export type Field = {
  readonly key: string;
  readonly label: string;
  readonly help: string;
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  readonly isLong: boolean;
  readonly unit: string;
  readonly initial?: Json;
  readonly minimum?: number;
  readonly maximum?: number;
  /** The bounds themselves are not allowed. */
  readonly isOpenBelow: boolean;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly choices: readonly Choice[];
  readonly fields: readonly Field[];
};

const LONG = 1_000;

/** The fields of an object schema in its own order. */
export function fieldsOf(schema: JsonObject | null | undefined): Field[] {
  if (!schema) return [];
  return propertyFields(schema, schema);
}

function propertyFields(schema: JsonObject, root: JsonObject): Field[] {
  const required = new Set((schema["required"] ?? []) as string[]);
  return Object.entries((schema["properties"] ?? {}) as JsonObject).map(([key, property]) =>
    fieldOf(key, property as JsonObject, required.has(key), root),
  );
}

/** One property as a field; `root` holds the `$defs` that references name. */
export function fieldOf(key: string, property: JsonObject, isRequired: boolean, root: JsonObject): Field {
  const { schema, isMixed } = settled(property, root);
  const kind = isMixed ? "mixed" : kindOf(key, schema, root);
  const bounds = boundsOf(schema);
  return {
    key,
    label: labelOf(key),
    help: String(property["description"] ?? schema["description"] ?? ""),
    kind,
    isRequired,
    isLong: kind === "text" && (Number(schema["maxLength"] ?? 0) >= LONG || schema["format"] === "textarea"),
    unit: key.endsWith("_s") ? "s" : key.endsWith("_usd") ? "$" : "",
    ...(property["default"] === undefined || property["default"] === null ? {} : { initial: property["default"] }),
    ...bounds,
    ...(typeof schema["maxLength"] === "number" ? { maxLength: schema["maxLength"] } : {}),
    ...(typeof schema["pattern"] === "string" ? { pattern: schema["pattern"] } : {}),
    choices: choicesOf(schema),
    fields: kind === "object" ? propertyFields(schema, root) : [],
  };
}

/** The schema behind references and `null` alternatives, with the field's own annotations on top. */
function settled(property: JsonObject, root: JsonObject): { schema: JsonObject; isMixed: boolean } {
  const options = (property["anyOf"] ?? property["oneOf"]) as readonly JsonObject[] | undefined;
  if (!options) return { schema: resolved(property, root), isMixed: false };
  const others = options.map((option) => resolved(option, root)).filter((option) => option["type"] !== "null");
  const { anyOf: _anyOf, oneOf: _oneOf, ...annotations } = property;
  if (others.length === 1) return { schema: { ...others[0]!, ...annotations }, isMixed: false };
  const words = others.find((option) => option["enum"] || option["const"] !== undefined);
  const count = others.find((option) => option["type"] === "integer");
  if (words && count && others.length === 2) return { schema: { ...count, ...words, ...annotations }, isMixed: true };
  return { schema: annotations, isMixed: false };
}

function resolved(schema: JsonObject, root: JsonObject): JsonObject {
  const [only] = (schema["allOf"] ?? []) as readonly JsonObject[];
  const reference = schema["$ref"] ?? only?.["$ref"];
  if (typeof reference !== "string") return schema;
  const { $ref: _reference, allOf: _allOf, ...annotations } = schema;
  const named = (root["$defs"] as JsonObject | undefined)?.[reference.replace("#/$defs/", "")];
  return { ...((named ?? {}) as JsonObject), ...annotations };
}

function kindOf(key: string, schema: JsonObject, root: JsonObject): FieldKind {
  if (schema["enum"] || schema["const"] !== undefined) return "choice";
  if (schema["expression"]) return "expression";
  switch (schema["type"]) {
    case "string":
      return "text";
    case "number":
    case "integer":
    case "boolean":
      return schema["type"];
    case "array":
      return resolved((schema["items"] ?? {}) as JsonObject, root)["type"] === "string" ? "strings" : "json";
    case "object":
      return objectKind(key, schema);
    default:
      return "json";
  }
}

function objectKind(key: string, schema: JsonObject): FieldKind {
  if (key.endsWith("_schema")) return "schema";
  if (schema["properties"]) return "object";
  return schema["additionalProperties"] || schema["patternProperties"] ? "pairs" : "json";
}

function boundsOf(schema: JsonObject): Pick<Field, "minimum" | "maximum" | "isOpenBelow"> {
  const open = schema["exclusiveMinimum"];
  const minimum = open ?? schema["minimum"];
  const maximum = schema["maximum"] ?? schema["exclusiveMaximum"];
  return {
    ...(typeof minimum === "number" ? { minimum } : {}),
    ...(typeof maximum === "number" ? { maximum } : {}),
    isOpenBelow: typeof open === "number",
  };
}

function choicesOf(schema: JsonObject): Choice[] {
  const values = (schema["enum"] ?? (schema["const"] === undefined ? [] : [schema["const"]])) as readonly Json[];
  return values.map((value) => ({ value, label: String(value) }));
}

/** `max_duration_s` as "Max duration": a unit belongs beside the field. */
export function labelOf(key: string): string {
  const words = key.replace(/_(s|usd)$/, "").replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ").trim();
  const spoken = words.replace(/\b(url|json|html|http|id|ttl)\b/gi, (word) => SPOKEN[word.toLowerCase()] ?? word);
  return spoken.charAt(0).toUpperCase() + spoken.slice(1);
}

const SPOKEN: Readonly<Record<string, string>> = { url: "URL", json: "JSON", html: "HTML", http: "HTTP", id: "id", ttl: "time to live" };

export type Read = { readonly value: Json | undefined; readonly fault?: undefined } | { readonly fault: string };

/** What a person typed into a field of this kind; empty text is an absent value. */
export function readNumber(text: string, field: Pick<Field, "kind" | "minimum" | "maximum" | "isOpenBelow">): Read {
  const trimmed = text.trim();
  if (!trimmed) return { value: undefined };
  const value = Number(trimmed);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) || !Number.isFinite(value)) return { fault: `${trimmed} is not a number.` };
  if (field.kind !== "number" && !Number.isSafeInteger(value)) return { fault: "Only whole numbers here." };
  const { minimum, maximum, isOpenBelow } = field;
  if (minimum !== undefined && (isOpenBelow ? value <= minimum : value < minimum)) {
    return { fault: isOpenBelow ? `More than ${minimum}.` : `At least ${minimum}.` };
  }
  return maximum !== undefined && value > maximum ? { fault: `At most ${maximum}.` } : { value };
}

const LONE_TEMPLATE = /^\{\{(?:(?!\}\}|\{\{)[\s\S])*\}\}$/;

/** JSON as typed; a lone `{{ expression }}` stands for the string that holds it. */
export function readJson(text: string): Read {
  const trimmed = text.trim();
  if (!trimmed) return { value: undefined };
  if (LONE_TEMPLATE.test(trimmed)) return { value: trimmed };
  try {
    return { value: JSON.parse(trimmed) as Json };
  } catch (error) {
    return { fault: `Not JSON yet: ${(error as SyntaxError).message}` };
  }
}

export function isTemplate(value: Json | undefined): boolean {
  return typeof value === "string" && value.includes("{{");
}
