/** For a list of documents on standard input: what the editor holds for written before each node, as JSON. */

import { readFileSync } from "node:fs";
import { assignedBefore } from "../../openrooms_app/canvas/document/assigned.ts";
import { readDocument, type JsonObject } from "../../openrooms_app/canvas/document/document.ts";

const found = (JSON.parse(readFileSync(0, "utf8")) as JsonObject[]).map((raw) => {
  const document = readDocument(raw);
  const before = assignedBefore(document);
  return Object.fromEntries(document.nodes.map(({ id }) => [id, [...before(id)].sort()]));
});
process.stdout.write(JSON.stringify(found));
