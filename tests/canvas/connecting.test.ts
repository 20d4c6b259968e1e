// What a drawn connection becomes, and in which words it is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, MAIN, WAY, type Wish } from "../../openrooms_app/canvas/document/connecting.ts";
import { readDocument, type Outcome, type WorkflowDocument } from "../../openrooms_app/canvas/document/document.ts";
import { connect } from "../../openrooms_app/canvas/document/operations.ts";

const OUTCOMES: Readonly<Record<string, readonly Outcome[]>> = {
  START: ["SUCCESS"], END: [], WAIT: ["SUCCESS", "TIMEOUT", "FAILURE"], TOOL_EXECUTION: ["SUCCESS", "FAILURE", "TIMEOUT"],
};
const outcomesOf = (type: string): readonly Outcome[] => OUTCOMES[type] ?? ["SUCCESS", "FAILURE"];

function drawn(...ways: [source: string, on: string, target: string][]): WorkflowDocument {
  const types = { start: "START", tool: "TOOL_EXECUTION", wait: "WAIT", choice: "DECISION", fork: "PARALLEL", one: "END", two: "END", three: "END" };
  return readDocument({
    format: "openrooms/workflow@1",
    name: "Drawn",
    nodes: Object.entries(types).map(([id, type]) => ({ id, type, name: id })),
    transitions: ways.map(([source, on, target], index) => ({ id: `t${index + 1}`, source, on, target })),
  });
}

const asked = (document: WorkflowDocument, wish: Partial<Wish> & { source: string; target: string }) =>
  answer(document, { handle: MAIN, ...wish }, outcomesOf);

function on(document: WorkflowDocument, source: string, target: string, handle = MAIN): string {
  const reply = asked(document, { source, target, handle });
  return reply.kind === "refused" ? reply.reason : reply.on;
}

test("a task leads on by success, then failure, then timeout, then says what to do", () => {
  assert.equal(on(drawn(), "tool", "one"), "SUCCESS");
  assert.equal(on(drawn(["tool", "SUCCESS", "one"]), "tool", "two"), "FAILURE");
  assert.equal(on(drawn(["tool", "SUCCESS", "one"], ["tool", "FAILURE", "two"]), "tool", "two"), "TIMEOUT");
  const full = drawn(["tool", "ALWAYS", "one"], ["tool", "FAILURE", "two"], ["tool", "TIMEOUT", "three"]);
  assert.match(on(full, "tool", "one"), /a way out for every outcome. Put a DECISION/);
});

test("a wait offers its timeout before its failure", () => {
  assert.equal(on(drawn(["wait", "SUCCESS", "one"]), "wait", "two"), "TIMEOUT");
});

test("a decision's first way is a condition, its second the otherwise, each further one a later condition", () => {
  assert.equal(on(drawn(), "choice", "one"), "CONDITION_MET");
  assert.equal(on(drawn(["choice", "CONDITION_MET", "one"]), "choice", "two"), "ALWAYS");
  const both = drawn(["choice", "CONDITION_MET", "one"], ["choice", "ALWAYS", "two"]);
  assert.deepEqual(asked(both, { source: "choice", target: "three" }), { kind: "new", on: "CONDITION_MET", priority: 1 });
});

test("a condition may lead where another one leads, an otherwise is there once", () => {
  const both = drawn(["choice", "CONDITION_MET", "one"], ["choice", "ALWAYS", "two"]);
  assert.equal(on(both, "choice", "one", "CONDITION_MET"), "CONDITION_MET");
  assert.match(on(both, "choice", "three", "ALWAYS"), /“choice” already leads to “two” on otherwise/);
});

test("a fork leads along as many branches as are drawn, but along none twice", () => {
  assert.equal(on(drawn(["fork", "ALWAYS", "one"]), "fork", "two"), "ALWAYS");
  assert.match(on(drawn(["fork", "ALWAYS", "one"]), "fork", "one"), /already leads to “one” on ALWAYS/);
});

test("nothing leads into START, out of END, or twice out of START", () => {
  assert.match(on(drawn(), "tool", "start"), /Nothing leads into START/);
  assert.match(on(drawn(), "one", "tool"), /Nothing leaves END/);
  assert.match(on(drawn(["start", "ALWAYS", "tool"]), "start", "wait"), /START leads to one node/);
});

test("a task may lead back to itself, a decision may not", () => {
  assert.equal(on(drawn(["tool", "SUCCESS", "one"]), "tool", "tool"), "FAILURE");
  assert.match(on(drawn(), "choice", "choice"), /A DECISION cannot lead to itself/);
});

test("the handle of a drawn way moves that way", () => {
  const document = drawn(["choice", "CONDITION_MET", "one"]);
  const reply = asked(document, { source: "choice", target: "two", handle: `${WAY}t1` });
  assert.deepEqual(reply, { kind: "move", transition: "t1", on: "CONDITION_MET" });
});

test("whatever is allowed leaves a document with ids of its own for each way", () => {
  let document = drawn();
  for (const [source, target] of [["start", "tool"], ["tool", "choice"], ["choice", "one"], ["choice", "two"], ["tool", "three"]] as const) {
    const reply = asked(document, { source, target });
    assert.equal(reply.kind, "new");
    if (reply.kind === "new") document = connect(document, { source, target, on: reply.on }).document;
  }
  assert.equal(new Set(document.transitions.map(({ id }) => id)).size, 5);
});
