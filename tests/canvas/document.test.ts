// What can be done to a document, and that it is sent in exactly the format's fields.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isSame, leaving, readDocument, wire, type WorkflowDocument } from "../../openrooms_app/canvas/document/document.ts";
import { begin, canRedo, canUndo, record, redo, undo } from "../../openrooms_app/canvas/document/history.ts";
import {
  addNode, connect, move, NOTHING, patchNode, remove, removeAndHeal, renameNode, reorder, renameOutput, splice,
} from "../../openrooms_app/canvas/document/operations.ts";

const AT = { x: 0, y: 0 };

function drawn(): WorkflowDocument {
  return readDocument({
    format: "openrooms/workflow@1",
    name: "Drawn",
    nodes: [
      { id: "start", type: "START" },
      { id: "sum", type: "TOOL_EXECUTION", config: { tool: "calculator", arguments: { expression: "1" } } },
      { id: "end", type: "END", config: { output: "{{ vars.sum.number }} and 'vars.sum'" } },
    ],
    transitions: [
      { id: "t1", source: "start", target: "sum", on: "ALWAYS" },
      { id: "t2", source: "sum", target: "end", on: "SUCCESS" },
    ],
  });
}

test("a new node gets a readable id that is free, ignoring case", () => {
  const first = addNode(drawn(), { type: "TOOL_EXECUTION", title: "Tool", position: AT });
  const second = addNode(first.document, { type: "TOOL_EXECUTION", title: "Tool", position: AT });

  assert.match(first.id, /^[A-Za-z][A-Za-z0-9_]{0,63}$/);
  assert.notEqual(first.id.toLowerCase(), second.id.toLowerCase());
});

test("removing a node takes its transitions with it", () => {
  const left = remove(drawn(), { ...NOTHING, nodes: ["sum"] });

  assert.deepEqual(left.nodes.map((node) => node.id), ["start", "end"]);
  assert.deepEqual(left.transitions, []);
});

test("healing leads what came into a node to where it led", () => {
  const healed = removeAndHeal(drawn(), "sum");

  assert.deepEqual(healed.transitions.map(({ source, target }) => [source, target]), [["start", "end"]]);
});

test("a node spliced into a transition stands between its ends", () => {
  const added = addNode(drawn(), { type: "WAIT", title: "Wait", position: AT });
  const spliced = splice(added.document, "t2", added.id, "SUCCESS");

  const pairs = spliced.transitions.map(({ source, target }) => `${source}>${target}`);
  assert.ok(pairs.includes(`sum>${added.id}`) && pairs.includes(`${added.id}>end`));
});

test("a renamed node is followed by transitions and expressions, not by texts that only look like one", () => {
  const renamed = renameNode(drawn(), "sum", "total");

  assert.equal(renamed.transitions[1]!.source, "total");
  assert.equal(renamed.nodes[2]!.config["output"], "{{ vars.total.number }} and 'vars.sum'");
});

test("an output saved under another name is followed by those who read it", () => {
  const renamed = renameOutput(drawn(), "sum", "result");

  assert.equal(renamed.nodes[2]!.config["output"], "{{ vars.result.number }} and 'vars.sum'");
});

test("a condition is asked earlier or later, and its siblings are numbered anew", () => {
  const ways = [7, 3, 5].map((priority, index) => ({ id: `c${index}`, source: "a", target: "b", on: "CONDITION_MET" as const, when: "true", priority }));
  const document = { ...drawn(), transitions: ways };
  const order = (after: WorkflowDocument): string[] => leaving(after, "a").map(({ id, priority }) => `${id} ${priority}`);
  assert.deepEqual(order(reorder(document, "c0", -1)), ["c1 0", "c0 1", "c2 2"]);
  assert.equal(reorder(document, "c1", -1), document);
});

test("what is sent has no empty optionals and no field the format does not know", () => {
  const patched = patchNode(drawn(), "sum", { description: "", remember: {}, disabled: false });
  const sent = wire(patched) as { nodes: Record<string, unknown>[] };

  assert.deepEqual(Object.keys(sent.nodes[1]!).sort(), ["config", "id", "type"]);
  assert.ok(!("notes" in sent) && !("limits" in sent));
});

test("a document survives being sent and read", () => {
  assert.ok(isSame(readDocument(wire(drawn())), drawn()));
  const odd = readDocument({ nodes: [{ id: "a", type: "X", position: [0, 0], config: "x" }, null, "b"], transitions: {} });
  assert.deepEqual([odd.nodes, odd.transitions], [[{ id: "a", type: "X", config: {} }], []]); // what can't be drawn draws no nonsense
});

test("undo and redo go step by step, and typing on is one step", () => {
  let history = begin(drawn());
  history = record(history, move(history.now, new Map([["sum", { x: 8, y: 8 }]])), 0);
  history = record(history, patchNode(history.now, "sum", { name: "S" }), 10_000, "name:sum");
  history = record(history, patchNode(history.now, "sum", { name: "Su" }), 10_200, "name:sum");

  const back = undo(history);
  assert.equal(back.now.nodes[1]!.name, undefined);
  assert.deepEqual(back.now.nodes[1]!.position, { x: 8, y: 8 });
  assert.ok(canUndo(back) && canRedo(back));
  assert.equal(redo(back).now.nodes[1]!.name, "Su");
  assert.ok(!canUndo(undo(back)));
});

test("a connection gets a free id", () => {
  const { document, id } = connect(drawn(), { source: "sum", target: "end", on: "FAILURE" });

  assert.equal(new Set(document.transitions.map((each) => each.id)).size, 3);
  assert.match(id, /^t\d+$/);
});
