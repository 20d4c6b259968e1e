/** An event's line as people read it: nodes by their names, moments by the clock of whoever reads. */

import type { RunEvent } from "./event.ts";

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** What a line that names its node says before that (engine/core/events.py). */
const BEFORE = ["Entered ", "Left ", "A branch was cancelled at ", "The worker was lost during ", "The trial ends after ", ""];

export function messageOf({ message, node_id: node, type, data }: RunEvent, names: ReadonlyMap<string, string>): string {
  const until = data["until"];
  if (type === "WAIT_STARTED" && typeof until === "string" && !Number.isNaN(Date.parse(until))) return message.replace(until, MOMENT.format(new Date(until)));
  if (node === null) return message;
  const before = BEFORE.find((words) => message.startsWith(words + node));
  if (before === undefined) return message;
  const [head, rest, target] = [before + (names.get(node) ?? node), message.slice(before.length + node.length), String(data["target"])];
  if (type !== "TRANSITION" || !rest.startsWith(` → ${target} `)) return head + rest;
  return `${head} → ${names.get(target) ?? target}${rest.slice(target.length + 3)}`;
}
