// How documents differ, how two drafts merge, what is found and replaced, which keys a command has.

import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, union } from "../../openrooms_app/canvas/document/difference.ts";
import { readDocument, type WorkflowDocument } from "../../openrooms_app/canvas/document/document.ts";
import { find, replace } from "../../openrooms_app/canvas/document/finding.ts";
import { merge } from "../../openrooms_app/canvas/document/merging.ts";
import { move, patchHead, patchNode, remove, NOTHING } from "../../openrooms_app/canvas/document/operations.ts";
import { COMMANDS } from "../../openrooms_app/canvas/state/commands.ts";
import { keyNames, Keymap } from "../../openrooms_app/canvas/state/keymap.ts";

const BASE: WorkflowDocument = readDocument({
  name: "Base",
  nodes: [
    { id: "start", type: "START", position: { x: 0, y: 0 } },
    { id: "sum", type: "TOOL_EXECUTION", name: "Sum", config: { tool: "calculator", arguments: { expression: "a.b + a.b" } } },
    { id: "end", type: "END" },
  ],
  transitions: [{ id: "t1", source: "start", target: "sum", on: "ALWAYS" }, { id: "t2", source: "sum", target: "end", on: "SUCCESS", when: "a.b" }],
});

test("a difference names what was added, removed, changed, and in which field; layout is none", () => {
  const after = patchNode(remove(move(BASE, new Map([["start", { x: 9, y: 9 }]])), { ...NOTHING, nodes: ["end"] }), "sum", { config: { tool: "calculator", arguments: { expression: "1" } } });
  const found = differences(BASE, after).map(({ id, change, fields }) => [id, change, fields.map(({ field }) => field).join()]);
  assert.deepEqual(found, [["sum", "changed", "config.arguments.expression"], ["end", "removed", ""], ["t2", "removed", ""]]);
  assert.equal(union(BASE, after).nodes.length, 3);
  assert.deepEqual(differences(BASE, BASE), []);
});

test("changes of different nodes merge by themselves; the same node is asked", () => {
  const mine = patchHead(patchNode(BASE, "sum", { name: "Mine" }), { name: "Mine" });
  const theirs = patchNode(patchNode(BASE, "sum", { name: "Theirs" }), "end", { name: "Finish" });
  const merged = merge({ base: BASE, mine, theirs });
  assert.deepEqual(merged.conflicts.map(({ key }) => key), ["nodes:sum"]);
  assert.deepEqual(merged.document.nodes.map(({ name }) => name), [undefined, "Mine", "Finish"]);
  assert.equal(merged.document.name, "Mine");
  assert.equal(merge({ base: BASE, mine, theirs }, new Map([["nodes:sum", "theirs"]])).document.nodes[1]!.name, "Theirs");
});

test("what one removed and the other left alone is gone, with its transitions", () => {
  const theirs = remove(BASE, { ...NOTHING, nodes: ["end"] });
  const mine = patchNode(BASE, "start", { name: "Begin" });
  const { document, conflicts } = merge({ base: BASE, mine, theirs });
  assert.deepEqual([document.nodes.map(({ id }) => id), document.transitions.map(({ id }) => id), conflicts], [["start", "sum"], ["t1"], []]);
});

test("text is found in every field and replaced in one or in all, with ids left alone", () => {
  const query = { text: "A.B", isExact: false };
  const hits = find(BASE, query);
  assert.deepEqual(hits.map(({ id, field, count }) => [id, field, count]), [["sum", "config.arguments.expression", 2], ["t2", "when", 1]]);
  assert.equal(replace(BASE, query, "c", hits[1]).document.transitions[1]!.when, "c");
  assert.equal(replace(BASE, query, "$&").count, 3);
  assert.equal(replace(BASE, { text: "sum", isExact: false }, "total").document.nodes[1]!.id, "sum");
  assert.equal(replace(BASE, { text: "A.B", isExact: true }, "c").document, BASE);
});

test("every key of the table belongs to one command and none is Tab", () => {
  const keys = COMMANDS.flatMap((command) => command.keys);
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(!keys.some((key) => key.includes("Tab")));
});

test("a chosen key is kept, and nothing that is taken can be chosen", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  const keymap = new Keymap(COMMANDS, storage);
  const [duplicate, find] = ["duplicate", "find"].map((id) => COMMANDS.find((command) => command.id === id)!);
  assert.match(keymap.give(duplicate!, "Mod+Z")!, /belongs to “Undo”/);
  assert.match(keymap.give(duplicate!, "Tab")!, /moves the focus/);
  assert.match(keymap.give(find!, "Q")!, /needs Ctrl/);
  assert.equal(keymap.give(duplicate!, "Mod+J"), null);
  assert.deepEqual(new Keymap(COMMANDS, storage).keysOf(duplicate!), ["Mod+J"]);
  keymap.reset(duplicate);
  assert.deepEqual(keymap.keysOf(duplicate!), ["Mod+D"]);
  assert.deepEqual(new Keymap(COMMANDS, { ...storage, getItem: () => "not json" }).keysOf(duplicate!), ["Mod+D"]);
});

test("a key press goes by its name, whatever the layout draws with Alt", () => {
  const press = { key: "a", code: "KeyA", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
  assert.deepEqual(keyNames({ ...press, key: "å", altKey: true }), ["Alt+A"]);
  assert.deepEqual(keyNames({ ...press, key: "!", code: "Digit1", shiftKey: true }), ["Shift+!", "Shift+1"]);
  assert.deepEqual(keyNames({ ...press, key: "Shift", shiftKey: true }), []);
});
