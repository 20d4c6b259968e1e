/** How values are written into fields and read back out of them. */

import type { Json, JsonObject } from "../document/document.ts";
import { isTemplate, readJson, readNumber, type Field, type FieldKind, type Read } from "../document/schema.ts";
import type { Shape } from "./use-buffer.ts";

type Value = Json | undefined;

export function isObject(value: Value): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

export function isAbsent(value: Value): value is null | undefined {
  return value === undefined || value === null;
}

const STRUCTURES: Readonly<Partial<Record<FieldKind, (value: Json) => boolean>>> = {
  text: (value) => typeof value !== "object",
  expression: (value) => typeof value !== "object",
  strings: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
  pairs: isObject,
  object: isObject,
};

/** Whether a value can be shown by the control of its kind; what can't is shown as JSON. */
export function fits(kind: FieldKind, value: Value): boolean {
  return isAbsent(value) || (STRUCTURES[kind]?.(value) ?? true);
}

export function plain(value: Value): string {
  if (isAbsent(value)) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The object with another value under a key (undefined: without it); one that would be empty is none. */
export function withKey(values: JsonObject, key: string, value: Value): JsonObject | undefined {
  const { [key]: _before, ...others } = values;
  const next = value === undefined ? others : { ...values, [key]: value };
  return Object.keys(next).length ? next : undefined;
}

/** A number as digits; where a template may stand for it, as that. */
export function numberShape(field: Field, mayBeTemplate: boolean): Shape {
  return {
    print: plain,
    read: (text) => (mayBeTemplate && isTemplate(text) ? { value: text.trim() } : readNumber(text, field)),
  };
}

export const JSON_SHAPE: Shape = {
  print: (value) => (value === undefined ? "" : isLoneTemplate(value) ? value.trim() : JSON.stringify(value, null, 2)),
  read: (text) => {
    const found = readJson(text);
    const isBareText = found.fault !== undefined && !/^\s*[[{"\d-]/.test(text);
    return isBareText ? { fault: `${found.fault} Text goes between quotes.` } : found;
  },
};

/** A JSON Schema: only an object is one. */
export const SCHEMA_SHAPE: Shape = {
  print: (value) => (isAbsent(value) ? "" : JSON.stringify(value, null, 2)),
  read: (text) => {
    const found = readJson(text);
    if (found.fault !== undefined || found.value === undefined || isObject(found.value)) return found;
    return { fault: "A JSON Schema is an object, as {\"type\": \"object\"}." };
  },
};

/** A value on one line: what is no JSON is text; text that would be JSON stands between quotes. */
export const LOOSE_SHAPE: Shape = {
  print: (value) => {
    if (value === undefined) return "";
    return typeof value === "string" && isLoose(value) ? value : JSON.stringify(value);
  },
  read: (text): Read => ({ value: isLoose(text) ? text : (JSON.parse(text) as Json) }),
};

function isLoose(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}

function isLoneTemplate(value: Json): value is string {
  return typeof value === "string" && value.trim().startsWith("{{") && readJson(value).fault === undefined;
}
