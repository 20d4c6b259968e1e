// Autosave: what is unconfirmed is never lost, and a newer draft is never overwritten.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readDocument, type WorkflowDocument } from "../../openrooms_app/canvas/document/document.ts";
import { patchHead } from "../../openrooms_app/canvas/document/operations.ts";
import type { Draft, Reply } from "../../openrooms_app/canvas/state/api.ts";
import { Saving, type SaveState } from "../../openrooms_app/canvas/state/saving.ts";

const BLANK = readDocument({ format: "openrooms/workflow@1", name: "Blank", nodes: [], transitions: [] });

function confirmed(revision: number): Reply<Draft> {
  return { kind: "ok", value: { id: "w", name: "", revision, draft: {}, problems: [], latest_version: null } };
}

function saver(answers: Reply<Draft>[]) {
  const sent: { revision: string; name: unknown }[] = [];
  const states: SaveState["kind"][] = [];
  const kept: { value: WorkflowDocument | null } = { value: null };
  const saving = new Saving(
    {
      workflowId: "w",
      delayMs: 5,
      retryMs: 5,
      backup: { keep: (document) => (kept.value = document), drop: () => (kept.value = null) },
      onState: (state) => states.push(state.kind),
      onConfirmed: () => undefined,
      send: (async (_method: string, _path: string, body: { name: unknown }, headers: Record<string, string>) => {
        sent.push({ revision: headers["if-match"]!, name: body.name });
        return answers.shift() ?? confirmed(99);
      }) as never,
    },
    BLANK,
    1,
  );
  return { saving, sent, states, kept };
}

const named = (name: string): WorkflowDocument => patchHead(BLANK, { name });
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("a change is kept at once, sent after a pause with its base revision, and dropped once confirmed", async () => {
  const { saving, sent, states, kept } = saver([confirmed(2)]);

  saving.change(named("One"));
  assert.equal(kept.value?.name, "One");
  await later(40);

  assert.deepEqual(sent, [{ revision: '"1"', name: "One" }]);
  assert.equal(states.at(-1), "saved");
  assert.equal(kept.value, null);
});

test("nothing is sent while a drag goes on", async () => {
  const { saving, sent } = saver([]);

  saving.hold();
  saving.change(named("One"));
  await later(30);
  assert.equal(sent.length, 0);

  saving.release();
  await later(30);
  assert.equal(sent.length, 1);
});

test("a server that does not answer is asked again until it does", async () => {
  const { saving, sent, states } = saver([{ kind: "unreachable", detail: "down" }, { kind: "unreachable", detail: "down" }, confirmed(2)]);

  saving.change(named("One"));
  await later(120);

  assert.equal(sent.length, 3);
  assert.ok(states.includes("offline"));
  assert.equal(states.at(-1), "saved");
});

test("a newer draft is a conflict: nothing more is sent until a person decides", async () => {
  const stale: Reply<Draft> = { kind: "refused", status: 409, code: "stale_draft", detail: "newer", body: { revision: 7 } };
  const { saving, sent, states, kept } = saver([stale, confirmed(8)]);

  saving.change(named("One"));
  await later(30);
  saving.change(named("Two"));
  await later(30);
  assert.equal(sent.length, 1);
  assert.equal(states.at(-1), "conflict");
  assert.equal(kept.value?.name, "Two");

  await saving.overwrite();
  assert.deepEqual(sent.at(-1), { revision: '"7"', name: "Two" });
  assert.equal(states.at(-1), "saved");
});
