// Cards in line, and the lines that show it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { aligned, guidesOf, spread } from "../../openrooms_app/canvas/document/arranging.ts";

const box = (id: string, left: number, top: number, width = 216, height = 48) => ({ id, left, top, right: left + width, bottom: top + height });
const BOXES = [box("a", 0, 0, 168), box("b", 240, 64), box("c", 896, 160)];

test("cards are aligned by an edge or the middle of all", () => {
  assert.deepEqual([...aligned(BOXES, "left").values()].map(({ x }) => x), [0, 0, 0]);
  assert.deepEqual([...aligned(BOXES, "right").entries()].map(([, { x }]) => x), [944, 896, 896]);
  assert.deepEqual([...aligned(BOXES, "middle").values()].map(({ y }) => y), [80, 80, 80]);
});

test("spread cards have the same gap, and the outermost stay", () => {
  const places = spread(BOXES, "x");
  const [first, second] = [places.get("b")!.x - 168, places.get("c")!.x - places.get("b")!.x - 216];
  assert.ok(Math.abs(first - second) <= 8, `${first} and ${second}`);
  assert.deepEqual([places.get("a")!.x, places.get("c")!.x], [0, 896]);
});

test("a guide runs along each line that two cards share, once", () => {
  const guides = guidesOf(box("x", 240, 400), [box("b", 240, 64), box("d", 240, 200)]);
  assert.deepEqual(guides.filter(({ axis }) => axis === "x").map(({ at, from, to }) => [at, from, to]), [[240, 64, 448], [348, 64, 448], [456, 64, 448]]);
  assert.deepEqual(guidesOf(box("x", 3, 3), BOXES.slice(1)), []);
});
