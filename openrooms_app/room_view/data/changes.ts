/** What a name that is set is known by: variables and entries of the memory, each in its branch. */

import type { RunEvent } from "./event.ts";

export type Kind = "vars" | "memory";

/** The key of the name that an event sets; null if it sets none. */
export function changeKey(event: RunEvent): string | null {
  if (event.type === "STATE_UPDATED") return keyOf("vars", event.branch ?? "", String(event.data["name"]));
  if (event.type === "MEMORY_UPDATED") return keyOf("memory", event.branch ?? "", String(event.data["key"]));
  return null;
}

export function keyOf(kind: Kind, branch: string, name: string): string {
  return `${kind} ${branch} ${name}`;
}
