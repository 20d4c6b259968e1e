/** What an agent gives to the nodes that name it. */

import type { Json, JsonObject } from "../document/document.ts";

/** As the server does it: the goal stands before the system prompt, and what is empty is not given. */
export function givenBy(spec: JsonObject): JsonObject {
  const { goal, system, ...others } = spec;
  const text = [goal, system].filter((part) => typeof part === "string" && part).join("\n\n");
  return Object.fromEntries(Object.entries({ system: text, ...others }).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length);
}
