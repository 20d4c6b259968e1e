// Trying out: pins stay in the browser and follow their node; what a trial is and does is said in words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readDocument, type Json } from "../../openrooms_app/canvas/document/document.ts";
import { beginningWith, canPin, canTry, executes, wordsOf } from "../../openrooms_app/canvas/document/trial.ts";
import { EMPTY, type Catalogue } from "../../openrooms_app/canvas/state/catalogue.ts";
import type { Send } from "../../openrooms_app/canvas/state/api.ts";
import { lastRunOf } from "../../openrooms_app/canvas/state/last-run.ts";
import { Pins } from "../../openrooms_app/canvas/state/pins.ts";

const types = ["START", "AGENT_TASK", "TOOL_EXECUTION", "WAIT", "DECISION", "PARALLEL", "END"];
const document = readDocument({
  format: "openrooms/workflow@1", name: "W", transitions: [],
  nodes: types.map((type) => ({ id: type.toLowerCase(), type, name: `The ${type}`, config: {} })),
});
const calling = (tool: string) => ({ ...document.nodes[2]!, config: { tool } });

class Storage {
  readonly items = new Map<string, string>();
  isFull = false;
  getItem = (key: string): string | null => this.items.get(key) ?? null;
  removeItem = (key: string): void => void this.items.delete(key);
  setItem = (key: string, value: string): void => {
    if (this.isFull) throw new Error("full");
    this.items.set(key, value);
  };
}

test("pins are kept in the browser, by workflow, and follow a node's id", () => {
  const place = new Storage();
  const pins = new Pins(place, "w");
  assert.equal(pins.pin("agent_task", { n: 1 }), true);
  pins.pin("gone", 1);
  pins.pin("decision", 2);
  pins.rename("agent_task", "wait");
  pins.rename("nobody", "nothing");
  const again = new Pins(place, "w");
  assert.deepEqual(again.within(document), { wait: { n: 1 } }); // what is not there, or has no output, stays behind
  assert.equal(new Pins(place, "other").has("wait"), false);
  for (const id of ["wait", "gone", "decision"]) again.unpin(id);
  assert.equal(place.items.size, 0);
});

test("a pinned null is a pin, and a storage that can't keep it does not lose it for the visit", () => {
  const place = new Storage();
  const pins = new Pins(place, "w");
  place.isFull = true;
  assert.equal(pins.pin("wait", null), false);
  assert.deepEqual([pins.has("wait"), pins.within(document)], [true, { wait: null }]);
  place.items.set("openrooms.pins.w", "[1");
  assert.deepEqual(new Pins(place, "w").store.get(), {});
});

test("what can be tried is what the server allows", () => {
  const allowed = (is: (node: (typeof document.nodes)[number]) => boolean): string[] => document.nodes.filter(is).map(({ type }) => type);
  assert.deepEqual(allowed(canPin), ["AGENT_TASK", "TOOL_EXECUTION", "WAIT"]);
  assert.deepEqual(allowed((node) => canTry(node, "until")), types.slice(1, -1));
  assert.deepEqual(allowed((node) => canTry(node, "only")), ["AGENT_TASK", "TOOL_EXECUTION", "WAIT", "DECISION"]);
});

test("a trial is told in words", () => {
  assert.equal(wordsOf({ only: "wait" }, document), "only The WAIT");
  assert.equal(wordsOf({ until: "wait", pins: ["agent_task"] }, document), "until The WAIT, with The AGENT_TASK pinned");
  assert.equal(wordsOf({ pins: ["a", "b"], until: "else" }, null), "until else, with 2 pinned outputs");
  const tool = (effect: string) => ({ name: effect, title: effect, description: "", category: "", effect, parameters: {}, returns: null });
  const catalogue: Catalogue = { ...EMPTY, tools: [tool("none"), tool("external")] };
  assert.match(executes(calling("none"), catalogue), /changes nothing/);
  assert.match(executes(calling("external"), catalogue), /for real/);
  assert.match(executes(calling("unheard of"), catalogue), /for real/);
});

test("a form begins with the last values", () => {
  const schema = { type: "object", properties: { a: { type: "string", default: "x" }, b: { type: "number" } }, required: ["a"] };
  assert.deepEqual(beginningWith(schema, { a: "y", c: 1 }), { ...schema, properties: { a: { type: "string", default: "y" }, b: { type: "number" } } });
  assert.equal(beginningWith(schema, undefined), schema);
  assert.equal(beginningWith(null, {}), null);
});

test("a trial of one node leaves what was known of the others", async () => {
  const step = (node_id: string, output: Json) => ({ step: 1, node_id, status: "done", output, started_at: "", duration_ms: 1, transition: null });
  const runs = [
    { id: "t2", number: 3, trial: { only: "a" } }, { id: "t1", number: 2, trial: { only: "b" } }, { id: "whole", number: 1, trial: null },
  ].map((run) => ({ ...run, room_id: "r", version: 1, status: "COMPLETED", input: {} }));
  const answers: Record<string, unknown> = {
    "/api/runs/t2/steps?limit=1000": { items: [step("a", 2)] },
    "/api/runs/t2/state": { vars: { a: 2 }, run: runs[0] },
    "/api/runs/whole/steps?limit=1000": { items: [step("a", 1), step("b", 1)] },
    "/api/runs/whole/state": { vars: { a: 1, b: 1 }, run: runs[2] },
    "/api/rooms/r/status": { memory: {} },
  };
  const send = (async (_method: string, path: string) => ({ kind: "ok", value: path.startsWith("/api/runs?") ? { items: runs } : answers[path] })) as Send;
  const known = (await lastRunOf(send, "w"))!;
  assert.deepEqual([...known.steps].map(([id, { output, runNumber }]) => [id, output, runNumber]), [["a", 2, 3], ["b", 1, 1]]);
  assert.deepEqual([known.number, known.scope["vars"]], [3, { a: 2, b: 1 }]);
});
