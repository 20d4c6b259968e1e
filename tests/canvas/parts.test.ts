// Copy and paste, findings at their places, names, the walk, the paint of a run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asText, fragmentOf, fromText, paste } from "../../openrooms_app/canvas/document/clipboard.ts";
import { isSame, readDocument, wire, type WorkflowDocument } from "../../openrooms_app/canvas/document/document.ts";
import { keyFault, newNodeId, nodeIdFault } from "../../openrooms_app/canvas/document/identifiers.ts";
import { NOTHING } from "../../openrooms_app/canvas/document/operations.ts";
import { countsBy, pathParts, problemsAt, ranked, under, type Problem } from "../../openrooms_app/canvas/document/problems.ts";
import { inputsNeeded, namesRead } from "../../openrooms_app/canvas/document/references.ts";
import { duration } from "../../openrooms_app/canvas/document/summary.ts";
import { nodeFrom, partFrom, partsOf, type Direction, type Part } from "../../openrooms_app/canvas/document/walk.ts";
import { RunPaint } from "../../openrooms_app/canvas/state/run-paint.ts";

const DRAWN: WorkflowDocument = readDocument({
  format: "openrooms/workflow@1",
  name: "Drawn",
  nodes: [
    { id: "start", type: "START", position: { x: 0, y: 0 } },
    { id: "a", type: "TOOL_EXECUTION", position: { x: 100, y: 50 }, config: { tool: "calculator", arguments: { expression: "1" } } },
    { id: "b", type: "TOOL_EXECUTION", position: { x: 300, y: 50 }, config: { tool: "calculator", arguments: { expression: "{{ vars.a.number }} + vars.a" } } },
  ],
  transitions: [
    { id: "t1", source: "start", target: "a", on: "ALWAYS" },
    { id: "t2", source: "a", target: "b", on: "CONDITION_MET", when: "vars.a.number > 1 && 'vars.a' != ''" },
  ],
});

test("copies travel as text, get free ids, and read each other instead of the originals", () => {
  const fragment = fromText(asText(fragmentOf(DRAWN, { ...NOTHING, nodes: ["a", "b"] })));
  assert.ok(fragment);
  const { document, pasted } = paste(DRAWN, fragment, { x: 500, y: 500 });

  assert.deepEqual(pasted.nodes, ["a_2", "b_2"]);
  assert.deepEqual(document.nodes.at(-2)?.position, { x: 500, y: 500 });
  assert.deepEqual(document.nodes.at(-1)?.config["arguments"], { expression: "{{ vars.a_2.number }} + vars.a" });
  assert.equal(document.transitions.at(-1)?.when, "vars.a_2.number > 1 && 'vars.a' != ''");
  assert.equal(document.transitions.length, 3);
});

test("a copy never takes the new id of one for the old id of another", () => {
  const elsewhere = { ...DRAWN, nodes: DRAWN.nodes.filter(({ id }) => id !== "b"), transitions: [] };
  const fragment = { nodes: [{ ...DRAWN.nodes[1]! }, { ...DRAWN.nodes[2]!, id: "a_2" }], transitions: [], notes: [] };
  const { pasted } = paste(elsewhere, fragment, { x: 0, y: 0 });
  assert.equal(new Set(pasted.nodes).size, 2);
  assert.ok(pasted.nodes.includes("a_2"));
});

test("a START is not pasted beside another, and a text that is no workflow is left alone", () => {
  const fragment = fragmentOf(DRAWN, { ...NOTHING, nodes: ["start", "a"] });
  assert.deepEqual(paste(DRAWN, fragment, { x: 0, y: 0 }).pasted.nodes, ["a_2"]);
  for (const text of ["", "hello", "{}", "[1]", "null", '{"format":"other"}']) assert.equal(fromText(text), null, text);
});

const PROBLEMS: Problem[] = [
  { code: "constant_condition", severity: "warning", message: "", transition_id: "t2", path: "/transitions/1/when" },
  { code: "bad_arguments", severity: "error", message: "", node_id: "b", path: "/nodes/2/config/arguments/expression" },
  { code: "no_end", severity: "error", message: "", path: "/nodes" },
];

test("findings stand at their node, transition and field, errors first", () => {
  assert.deepEqual(countsBy(PROBLEMS, "node_id").get("b"), { errors: 1, warnings: 0 });
  assert.deepEqual(countsBy(PROBLEMS, "transition_id").get("t2"), { errors: 0, warnings: 1 });
  const [here] = problemsAt(PROBLEMS, DRAWN, { nodes: "b" });
  assert.deepEqual(here?.at, ["config", "arguments", "expression"]);
  assert.equal(under([here!], ["config", "arguments"]).length, 1);
  assert.equal(under([here!], ["config", "tool"]).length, 0);
  assert.equal(ranked(PROBLEMS)[0]?.severity, "error");
  assert.deepEqual(pathParts("/a~1b/c~0d"), ["a/b", "c~d"]);
});

test("names are refused in words before the server would refuse the whole document", () => {
  assert.equal(nodeIdFault(DRAWN, "A", "b"), "Another node is called A (case does not count).");
  assert.equal(nodeIdFault(DRAWN, "a", "a"), null);
  assert.ok(nodeIdFault(DRAWN, "2nd", "a"));
  assert.match(keyFault("input")!, /word of the expression language/);
  assert.equal(keyFault("total_1"), null);
  assert.equal(newNodeId(DRAWN, "END"), "end");
  assert.equal(newNodeId(DRAWN, "my.plugin/Type"), "my_plugin_type_1");
});

test("an expression tells which variables it reads", () => {
  assert.deepEqual(namesRead("vars.a.b + other.vars.c + 'vars.d' + vars . e + input.f"), ["vars.a", "vars.e", "input.f"]);
});

test("an input that an expression asks for with has() is not needed", () => {
  assert.deepEqual(inputsNeeded(["input.a + input.b.c", "has(input.d) ? input.d : input.a", "'input.e'"]), ["a", "b"]);
});

test("a time is said as people say it", () => {
  assert.deepEqual([1.5, 90, 300, 5_400, 90_000].map(duration), ["1.5 s", "90 s", "5 min", "90 min", "1 d 1 h"]);
});

test("documents are the same whatever the order of their keys", () => {
  const turned = readDocument(JSON.parse(JSON.stringify(wire(DRAWN), ["transitions", "nodes", "name", "format", "id", "type", "position", "y", "x", "config", "arguments", "expression", "tool", "when", "on", "source", "target"])));
  assert.ok(isSame(turned, DRAWN));
  assert.ok(!isSame({ ...DRAWN, name: "Other" }, DRAWN));
});

test("a push draws the cards anew that it touches, and no other", () => {
  const paint = new RunPaint();
  const drawn: string[] = [];
  for (const id of ["a", "b"]) paint.watch(`node:${id}`, () => drawn.push(id));
  paint.watch("way:t1", () => drawn.push("t1"));

  paint.show({ statuses: { a: { status: "running" }, b: { status: "queued" } }, taken: [] });
  drawn.length = 0;
  paint.patch({ statuses: { a: { status: "done" } }, taken: ["t1"] });
  assert.deepEqual(drawn, ["a", "t1"]);
  assert.equal(paint.statusOf("b")?.status, "queued");

  drawn.length = 0;
  paint.show({ statuses: { a: { status: "done" } }, taken: ["t1"] });
  assert.deepEqual(drawn, ["b"]);
});

test("a drawing is walked along its ways, and every part of it in the order of a run", () => {
  const node = (id: string, type = "WAIT") => ({ id, type, name: id, position: { x: 0, y: 0 } });
  const way = (id: string, source: string, target: string, priority = 0) => ({ id, source, target, on: "ALWAYS", priority });
  const nodes = [node("far"), node("b"), node("a"), node("start", "START"), node("lost")];
  const transitions = [way("t3", "start", "far", 2), way("t1", "start", "a", 1), way("t2", "a", "b"), way("back", "b", "a")];
  const drawn = readDocument({ nodes, transitions, notes: [{ id: "n", text: "" }] });
  assert.deepEqual(partsOf(drawn).map(({ id }) => id), ["start", "t1", "a", "t2", "b", "back", "t3", "far", "lost", "n"]);
  const walked = (from: Part | null, direction: Direction): string | undefined => partFrom(drawn, from, direction)?.id;
  assert.equal(walked({ kind: "way", id: "t2" }, "right"), "b");
  assert.equal(walked({ kind: "way", id: "t2" }, "left"), "a");
  assert.equal(walked(null, "right"), "start");
  assert.equal(walked({ kind: "note", id: "n" }, "next"), undefined);
  assert.equal(nodeFrom(drawn, "b", "next")?.id, "far");
  assert.equal(nodeFrom(drawn, "start", "last")?.id, "lost");
});
