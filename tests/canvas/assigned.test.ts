// What is written for certain at a node: the editor decides it as the engine does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assignedBefore } from "../../openrooms_app/canvas/document/assigned.ts";
import { lensOf } from "../../openrooms_app/canvas/document/dataflow.ts";
import { readDocument, type JsonObject, type WorkflowDocument } from "../../openrooms_app/canvas/document/document.ts";

const TYPES: Readonly<Record<string, string>> = { start: "START", end: "END", choose: "DECISION", fork: "PARALLEL", join: "PARALLEL" };

/** From lines as "a > b" or "a ! b" (on FAILURE); nodes not named above are tools. */
function drawn(lines: string, configs: Readonly<Record<string, JsonObject>> = {}): WorkflowDocument {
  const ways = lines.trim().split("\n").map((line, index) => {
    const [source, mark, target] = line.trim().split(" ") as [string, string, string];
    const kind = TYPES[source] ?? "";
    const on = mark === "!" ? "FAILURE" : kind ? "ALWAYS" : "SUCCESS";
    return { id: `t${index}`, source, target, on };
  });
  const ids = [...new Set(ways.flatMap(({ source, target }) => [source, target]))];
  return readDocument({ name: "Drawn", nodes: ids.map((id) => ({ id, type: TYPES[id] ?? "TOOL_EXECUTION", config: configs[id] ?? {} })), transitions: ways });
}

const at = (document: WorkflowDocument, id: string): string[] => [...assignedBefore(document)(id)].sort();

test("only what every way writes is certain where ways meet", () => {
  const document = drawn("start > a\na > choose\nchoose > b\nchoose > end\nb > end");
  assert.deepEqual(at(document, "b"), ["a"]);
  assert.deepEqual(at(document, "end"), ["a"]);
});

test("a way on FAILURE brings nothing along", () => {
  const document = drawn("start > a\na > b\na ! c\nc > b\nb > end");
  assert.deepEqual(at(document, "c"), []);
  assert.deepEqual(at(document, "b"), []);
  assert.deepEqual(at(document, "end"), ["b"]);
});

test("after a join all branches have written, unless it need not wait for them", () => {
  const lines = "start > fork\nfork > a\nfork > b\na > join\nb > join\njoin > end";
  assert.deepEqual(at(drawn(lines), "join"), ["a", "b"]);
  assert.deepEqual(at(drawn(lines), "a"), []);
  assert.deepEqual(at(drawn(lines), "end"), ["a", "b", "join"]);
  assert.deepEqual(at(drawn(lines, { join: { wait_for: "any" } }), "join"), []);
  assert.deepEqual(at(drawn(lines, { fork: { on_branch_failure: "continue" } }), "join"), []);
});

test("a loop keeps what was written before it, not what only its way back writes", () => {
  const document = drawn("start > a\na > choose\nchoose > b\nb > a\nchoose > end");
  assert.deepEqual(at(document, "a"), []);
  assert.deepEqual(at(document, "end"), ["a"]);
});

test("the lens tells writers and readers of the node that is looked at", () => {
  const document = drawn("start > a\na > b\nb > end", { b: { arguments: { x: "{{ vars.a.number + input.n }}" } }, end: { output: "{{ vars.b }}" } });
  const roles = [...lensOf(document, "b")].map(([id, { role }]) => `${id} ${role}`);
  assert.deepEqual(roles, ["start other", "a writer", "b self", "end reader"]);
  assert.deepEqual(lensOf(document, null).get("b"), { reads: ["input.n", "vars.a"], writes: ["vars.b"], role: "self" });
});
