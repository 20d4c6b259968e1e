// The way of an edge: it goes around cards, leaves and arrives where it should, and leaves room for its label.

import assert from "node:assert/strict";
import { test } from "node:test";
import { asPath, crosses, labelPlace, route, sees, type Box, type Ends } from "../../openrooms_app/canvas/document/route.ts";
import { openingViewport, revealing } from "../../openrooms_app/canvas/document/viewport.ts";

const WIDTH = 216;
const HEIGHT = 48;

function card(id: string, x: number, y: number): Box {
  return { id, left: x, top: y, right: x + WIDTH, bottom: y + HEIGHT };
}

function between(source: Box, target: Box, exit: "right" | "down" = "right"): Ends {
  const from = exit === "right" ? { x: source.right, y: source.top + 24 } : { x: source.right - 40, y: source.bottom + 9 };
  return { from, to: { x: target.left, y: target.top + 24 }, exit, source, target, lane: 0 };
}

function crossings(points: readonly { x: number; y: number }[], cards: readonly Box[]): string[] {
  return cards.filter((box) => points.some((point, index) => index > 0 && crosses(points[index - 1]!, point, box))).map(({ id }) => id);
}

test("cards in one row are joined by a straight line", () => {
  assert.equal(route(between(card("a", 0, 0), card("b", 300, 0)), []).length, 2);
});

test("a card in between is gone around, whether the way leads on or back", () => {
  const [a, b, c] = [card("a", 0, 0), card("b", 300, 0), card("c", 600, 0)];
  for (const ends of [between(a, c), between(c, a), between(a, c, "down"), between(c, a, "down"), between(b, b)]) {
    const points = route(ends, [a, b, c]);
    assert.deepEqual(crossings(points, [a, b, c]), [], `${ends.source.id} → ${ends.target.id} ${ends.exit}`);
    assert.deepEqual(points[0], ends.from);
    assert.deepEqual(points.at(-1), ends.to);
  }
});

test("in a grid of cards no way needs to go under one", () => {
  const cards = Array.from({ length: 30 }, (_, index) => card(`c${index}`, (index % 6) * 300, Math.floor(index / 6) * 120));
  for (const source of cards) {
    for (const target of cards) {
      if (source === target) continue;
      const ends = between(source, target);
      const points = route(ends, cards);
      assert.deepEqual(crossings(points, cards), [], `${source.id} → ${target.id}`);
      assert.deepEqual(points, route(ends, cards.filter((box) => sees(ends, box))), "what an edge does not see can't change its way");
    }
  }
});

test("every piece of a way is level or upright", () => {
  const points = route(between(card("a", 0, 0), card("b", 500, 333)), [card("c", 250, 100)]);
  points.slice(1).forEach((point, index) => assert.ok(point.x === points[index]!.x || point.y === points[index]!.y));
  assert.match(asPath(points), /^M216,24L/);
});

test("a label lies on the longest level piece", () => {
  const place = labelPlace([{ x: 0, y: 0 }, { x: 20, y: 0 }, { x: 20, y: 80 }, { x: 200, y: 80 }]);
  assert.deepEqual(place, { at: { x: 110, y: 80 }, room: 180 });
});

test("a drawing is opened whole where that stays readable, else where it begins", () => {
  const screen = { width: 800, height: 600 };
  const small = openingViewport([card("a", 0, 0), card("b", 300, 0)], [], screen);
  assert.equal(small.zoom, 1);
  const wide = openingViewport([card("b", 9_000, 400), card("a", 100, 100)], [], screen);
  assert.equal(wide.zoom, 0.8);
  assert.equal(wide.x + 100 * wide.zoom, 48);
  const cards = [card("a", 0, 0), card("b", 300, 0)];
  const seen = openingViewport(cards, [card("note", 0, 600)], screen);
  assert.ok(seen.zoom < 1 && 600 * seen.zoom + seen.y > 0 && 648 * seen.zoom + seen.y < 600); // notes too
  assert.deepEqual(openingViewport(cards, [card("note", 0, 6_000)], screen), small); // but not at the price of the words
});

test("the view moves when none of the cards is seen whole, or all of them could be", () => {
  const [screen, view] = [{ width: 800, height: 600 }, { x: 0, y: 0, zoom: 0.8 }];
  const [far, near, last] = [card("far", 5_000, 900), card("near", 100, 100), card("last", 9_000, 0)];
  const cards = [near, far, last];
  assert.equal(revealing([far, near], cards, view, screen), null);
  assert.equal(revealing([], cards, view, screen), null);
  const moved = revealing([far], cards, view, screen)!;
  assert.equal(moved.zoom, 0.8);
  assert.equal(revealing([far], cards, moved, screen), null);
  const below = card("below", 100, 710);
  const both = revealing([near, below], [...cards, below], view, screen)!;
  assert.equal(both.x, view.x);
  assert.equal(below.bottom * both.zoom + both.y, screen.height - 24);
  assert.equal(revealing([near, below], [...cards, below], both, screen), null);
  const end = revealing([last], cards, view, screen)!;
  assert.equal(last.right * end.zoom + end.x, screen.width - 48);
});
