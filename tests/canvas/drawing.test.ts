// The drawing of a document: measured before it is drawn, and the same wherever nothing has changed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readDocument } from "../../openrooms_app/canvas/document/document.ts";
import { addNode, NOTHING } from "../../openrooms_app/canvas/document/operations.ts";
import { BLANK, drawingOf, endsOf, type Scene } from "../../openrooms_app/canvas/flow/derive.ts";
import { EMPTY } from "../../openrooms_app/canvas/state/catalogue.ts";

const DOCUMENT = readDocument({
  format: "openrooms/workflow@1",
  name: "Three",
  nodes: [
    { id: "start", type: "START", position: { x: 0, y: 0 } },
    { id: "choose", type: "DECISION", position: { x: 300, y: 0 } },
    { id: "end", type: "END", position: { x: 600, y: 0 } },
  ],
  transitions: [
    { id: "t1", source: "start", target: "choose", on: "ALWAYS" },
    { id: "t2", source: "choose", target: "end", on: "CONDITION_MET", when: "true", priority: 1 },
  ],
});

function scene(document = DOCUMENT): Scene {
  return { document, catalogue: EMPTY, selection: NOTHING, nodeProblems: new Map(), transitionProblems: new Map(), isEditable: true };
}

test("a card comes with its size and its handles, and its edges leave from there", () => {
  const { nodes, edges } = drawingOf(scene(), BLANK);
  const [start, choose, end] = nodes;
  for (const card of nodes) assert.deepEqual(card.measured, { width: card.width, height: card.height });
  assert.equal(start!.handles!.some(({ type }) => type === "target"), false);
  assert.deepEqual(end!.handles!.filter(({ position }) => position !== "bottom").map(({ id }) => id), ["in"]);
  const condition = choose!.handles!.find(({ id }) => id === edges[1]!.sourceHandle)!;
  const { offset } = edges[1]!.data!;
  assert.equal(condition.y + condition.height! / 2, offset.y);
  const ends = endsOf(edges[1]!, edges[1]!.data!, { x: 300 + offset.x, y: offset.y }, { x: 600, y: 24 });
  assert.deepEqual([ends.source.left, ends.source.top, ends.target.left, ends.target.top], [300, 0, 600, 0]);
});

test("what has not changed is the same object: cards, edges, and the lists of both", () => {
  const before = drawingOf(scene(), BLANK);
  const again = drawingOf(scene(structuredClone(DOCUMENT)), before);
  assert.equal(drawingOf(scene(), before).nodes, before.nodes);
  assert.equal(again.boxes, before.boxes);
  const more = drawingOf(scene(addNode(DOCUMENT, { type: "WAIT", title: "Wait", position: { x: 0, y: 300 } }).document), before);
  assert.equal(more.edges, before.edges);
  assert.deepEqual(more.nodes.slice(0, 3).map((card, index) => card === before.nodes[index]), [true, true, true]);
});
