/** Whether a value fits a JSON Schema, told while it is typed. What is not looked at here the server looks at. */

import type { Json, JsonObject } from "./document.ts";

type Schema = Json | undefined;
type Fault = string | null;

/** What is wrong first, as "urgency: must be a number"; null if nothing is. */
export function misfit(schema: Schema, value: Json): Fault {
  return faultAt({ root: isObject(schema) ? schema : {}, depth: 0 }, schema, value, "");
}

/** Schemas may refer to themselves; so deep no output goes. */
const DEEP = 64;

type Place = { readonly root: JsonObject; readonly depth: number };

function faultAt(place: Place, schema: Schema, value: Json, path: string): Fault {
  if (schema === false) return at(path, "must not be there");
  if (!isObject(schema) || place.depth > DEEP) return null;
  const inner = { ...place, depth: place.depth + 1 };
  const check = (one: Schema): Fault => faultAt(inner, one, value, path);
  return (
    referred(place, schema, check) ?? typed(schema, value, path) ?? chosen(schema, value, path) ?? combined(schema, check, path) ??
    sized(schema, value, path) ?? fields(inner, schema, value, path) ?? items(inner, schema, value, path)
  );
}

type Check = (schema: Schema) => Fault;

function referred({ root }: Place, { $ref: reference }: JsonObject, check: Check): Fault {
  const name = typeof reference === "string" ? /^#\/(\$defs|definitions)\/([^/]+)$/.exec(reference) : null;
  const named = name && root[name[1]!];
  return reference === "#" ? check(root) : isObject(named ?? undefined) ? check((named as JsonObject)[name![2]!]) : null;
}

const ARTICLES: Readonly<Record<string, string>> = { array: "an array", integer: "a whole number", null: "null", object: "an object", string: "text", boolean: "true or false", number: "a number" };

function typed({ type }: JsonObject, value: Json, path: string): Fault {
  const types = (Array.isArray(type) ? type : type === undefined ? [] : [type]).map(String);
  return !types.length || types.some((each) => isOf(each, value)) ? null : at(path, `must be ${types.map((each) => ARTICLES[each] ?? each).join(" or ")}`);
}

function isOf(type: string, value: Json): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function chosen(schema: JsonObject, value: Json, path: string): Fault {
  const allowed = "const" in schema ? [schema["const"]!] : schema["enum"];
  return Array.isArray(allowed) && !allowed.some((each) => asText(each) === asText(value)) ? at(path, `must be ${allowed.map((each) => JSON.stringify(each)).join(" or ")}`) : null;
}

/** The same for equal values, in whatever order their keys stand. */
function asText(value: Json): string {
  return JSON.stringify(value, (_, each: Json) => (isObject(each) ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1))) : each));
}

function combined({ allOf, anyOf, oneOf, not }: JsonObject, check: Check, path: string): Fault {
  const faults = (some: Schema): Fault[] => (Array.isArray(some) ? some.map(check) : []);
  const [all, any, one] = [faults(allOf), faults(anyOf), faults(oneOf)];
  const wrong = all.find((fault) => fault !== null);
  if (wrong) return wrong;
  if (any.length && !any.includes(null)) return any.length === 1 ? any[0]! : at(path, "fits none of the shapes it may have");
  const fitting = one.filter((fault) => fault === null).length;
  if (one.length && fitting !== 1) return at(path, fitting ? "fits several shapes of which it may have one" : "fits none of the shapes it may have");
  return not !== undefined && check(not) === null ? at(path, "has the shape it must not have") : null;
}

function sized(schema: JsonObject, value: Json, path: string): Fault {
  const bound = (key: string): number | null => (typeof schema[key] === "number" ? (schema[key] as number) : null);
  const outside = (size: number, least: string, most: string, of: string): Fault => {
    const [low, high] = [bound(least), bound(most)];
    if (low !== null && size < low) return at(path, `must be at least ${low}${of}`);
    return high !== null && size > high ? at(path, `must be at most ${high}${of}`) : null;
  };
  if (typeof value === "number") {
    const [above, below] = [bound("exclusiveMinimum"), bound("exclusiveMaximum")];
    if (above !== null && value <= above) return at(path, `must be more than ${above}`);
    if (below !== null && value >= below) return at(path, `must be less than ${below}`);
    return outside(value, "minimum", "maximum", "");
  }
  if (Array.isArray(value)) return outside(value.length, "minItems", "maxItems", " long");
  return typeof value === "string" ? (outside([...value].length, "minLength", "maxLength", " characters long") ?? patterned(schema["pattern"], value, path)) : null;
}

function patterned(pattern: Schema, value: string, path: string): Fault {
  try {
    return typeof pattern === "string" && !new RegExp(pattern, "u").test(value) ? at(path, `must match ${pattern}`) : null;
  } catch {
    return null;
  }
}

function fields(place: Place, schema: JsonObject, value: Json, path: string): Fault {
  if (!isObject(value)) return null;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return at(join(path, missing), "is missing");
  const others = isObject(schema["patternProperties"]) ? undefined : schema["additionalProperties"];
  for (const [name, inner] of Object.entries(value)) {
    const isNamed = Object.hasOwn(properties, name);
    if (!isNamed && others === false) return at(join(path, name), "is not a field it has");
    const fault = faultAt(place, isNamed ? properties[name] : others, inner, join(path, name));
    if (fault) return fault;
  }
  return null;
}

function items(place: Place, schema: JsonObject, value: Json, path: string): Fault {
  if (!Array.isArray(value)) return null;
  const first = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"] : [];
  for (const [index, inner] of value.entries()) {
    const fault = faultAt(place, first[index] ?? schema["items"], inner as Json, join(path, String(index)));
    if (fault) return fault;
  }
  return null;
}

function join(path: string, key: string): string {
  return path ? `${path}.${key}` : key;
}

function at(path: string, what: string): string {
  return path ? `${path}: ${what}` : `It ${what}`;
}

function isObject(value: Schema): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
