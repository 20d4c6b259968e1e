/** An object's JSON Schema as a table of its properties; keywords that the table does not show stay as they are. */

import type { JsonObject } from "../document/document.ts";
import { freeId } from "../document/identifiers.ts";
import { isAbsent, isObject, withKey } from "./reading.ts";

export type Property = { readonly name: string; readonly schema: JsonObject; readonly isRequired: boolean };

export const TYPES: readonly string[] = ["string", "number", "integer", "boolean", "array", "object"];

/** The rows of the table; null for a schema that is more than a table of properties. */
export function propertiesOf(schema: JsonObject | undefined): Property[] | null {
  if (!schema) return [];
  const { type = "object", properties = {}, required = [] } = schema;
  if (type !== "object" || !isObject(properties) || !Array.isArray(required)) return null;
  if (["$ref", "allOf", "anyOf", "oneOf"].some((word) => word in schema)) return null;
  const rows = Object.entries(properties);
  if (!rows.every(([, inner]) => isObject(inner))) return null;
  return rows.map(([name, inner]) => ({ name, schema: inner as JsonObject, isRequired: required.includes(name) }));
}

/** The schema with these rows; without any, none at all unless it says more than that. */
export function withProperties(schema: JsonObject | undefined, rows: readonly Property[]): JsonObject | undefined {
  const { type: _type, properties: _properties, required: _required, ...others } = schema ?? {};
  if (!rows.length && !Object.keys(others).length) return undefined;
  const required = rows.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  return {
    ...others,
    type: "object",
    properties: Object.fromEntries(rows.map(({ name, schema: inner }) => [name, inner])),
    ...(required.length ? { required } : {}),
  };
}

export function newProperty(rows: readonly Property[]): Property {
  const taken = new Set(rows.map(({ name }) => name.toLowerCase()));
  return { name: freeId("field", taken), schema: { type: "string" }, isRequired: true };
}

/** What is wrong with a property's name; null when nothing is. */
export function nameFault(rows: readonly Property[], name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return "A name holds letters, digits and _, and does not start with a digit.";
  return rows.some((row) => row.name === name) ? `${name} is there already.` : null;
}

/** The type as the table offers it; "" for one that only JSON can say. */
export function typeIn(schema: JsonObject): string {
  const { type } = schema;
  if (isAbsent(type)) return Object.keys(schema).some((word) => !["title", "description", "default"].includes(word)) ? "" : "any";
  return typeof type === "string" && TYPES.includes(type) ? type : "";
}

/** The property as another type: what only the old type means goes, the words for people stay. */
export function retyped({ title, description }: JsonObject, type: string): JsonObject {
  return {
    ...(type === "any" ? {} : { type }),
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
  };
}

/** The schema of a list's items; of any kind where it says nothing. */
export function itemsOf({ items }: JsonObject): JsonObject {
  return isObject(items) ? items : {};
}

/** Items that may be anything need no word. */
export function withItems(schema: JsonObject, items: JsonObject): JsonObject {
  return withKey(schema, "items", Object.keys(items).length ? items : undefined) ?? {};
}

export function described(schema: JsonObject, description: string): JsonObject {
  return withKey(schema, "description", description || undefined) ?? {};
}
