// Autosave against a real server on loopback: what is unconfirmed is never lost, a newer draft is never overwritten.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { isSame, readDocument, wire, type JsonObject, type WorkflowDocument } from "../../openrooms_app/canvas/document/document.ts";
import { patchHead } from "../../openrooms_app/canvas/document/operations.ts";
import { sender } from "../../openrooms_app/canvas/state/api.ts";
import { Saving, type SaveState } from "../../openrooms_app/canvas/state/saving.ts";

const BLANK = readDocument({ format: "openrooms/workflow@1", name: "Blank", nodes: [], transitions: [] });
const named = (name: string): WorkflowDocument => patchHead(BLANK, { name });

/** One draft as the API keeps it. `mood` says how the next requests go; "deaf" stores and then drops the line. */
class Server {
  revision = 1;
  draft: JsonObject = wire(BLANK);
  puts: { name: unknown; base: string }[] = [];
  mood: "well" | "down" | "deaf" | "signed-out" | "full" = "well";
  delayMs = 0;

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (this.mood === "down") return void request.socket.destroy();
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.method === "GET") return answer(200, this.shown());
    const sent = JSON.parse(Buffer.concat(parts).toString()) as JsonObject;
    const base = String(request.headers["if-match"]);
    this.puts.push({ name: sent["name"], base });
    if (this.delayMs) await later(this.delayMs);
    if (this.mood === "signed-out") return answer(401, { code: "unauthorized", detail: "Log in." });
    if (this.mood === "full") return answer(413, { code: "too_large", detail: "5 MiB at most." });
    if (base !== `"${this.revision}"`) return answer(409, { code: "stale_draft", detail: "newer", revision: this.revision, saved_by_name: "Ed" });
    this.draft = sent;
    this.revision += 1;
    if (this.mood === "deaf") return void request.socket.destroy();
    return answer(200, this.shown());
  }

  shown(): unknown {
    return { id: "w", name: "", revision: this.revision, draft: this.draft, problems: [], latest_version: null };
  }
}

async function saver(context: TestContext) {
  const server = new Server();
  const listener = createServer((request, response) => void server.handle(request, response));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
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
      send: sender(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`),
    },
    BLANK,
    1,
  );
  context.after(() => {
    saving.stop();
    listener.closeAllConnections();
    listener.close();
  });
  return { saving, server, states, kept };
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !isSo(); tries += 1) await later(5);
  assert.ok(isSo(), "it did not come about");
}

test("a change is kept at once, sent after a pause with its base revision, and dropped once confirmed", async (context) => {
  const { saving, server, states, kept } = await saver(context);

  saving.change(named("One"));
  assert.equal(kept.value?.name, "One");
  await until(() => states.at(-1) === "saved");

  assert.deepEqual(server.puts, [{ name: "One", base: '"1"' }]);
  assert.equal(kept.value, null);
});

test("nothing is sent while a drag goes on", async (context) => {
  const { saving, server, states } = await saver(context);

  saving.hold();
  saving.change(named("One"));
  await later(40);
  assert.equal(server.puts.length, 0);

  saving.release();
  await until(() => states.at(-1) === "saved");
  assert.equal(server.puts.length, 1);
});

test("a server that does not answer is asked again until it does", async (context) => {
  const { saving, server, states, kept } = await saver(context);

  server.mood = "down";
  saving.change(named("One"));
  await until(() => states.at(-1) === "offline");
  assert.equal(kept.value?.name, "One");

  server.mood = "well";
  await until(() => states.at(-1) === "saved");
  assert.equal(server.draft["name"], "One");
});

test("a save whose answer was lost is no conflict with ourselves", async (context) => {
  const { saving, server, states } = await saver(context);

  server.mood = "deaf";
  saving.change(named("One"));
  await until(() => server.revision === 2);
  server.mood = "well";
  saving.change(named("Two"));
  await until(() => states.at(-1) === "saved");

  assert.equal(server.draft["name"], "Two");
  assert.ok(!states.includes("conflict"));
});

test("what was undone after its answer was lost is taken back on the server too", async (context) => {
  const { saving, server, states } = await saver(context);

  server.mood = "deaf";
  saving.change(named("One"));
  await until(() => server.revision === 2);
  server.mood = "well";
  saving.change(BLANK);
  await until(() => states.at(-1) === "saved");

  assert.equal(server.draft["name"], "Blank");
});

test("a change undone before it was sent is saved without sending anything", async (context) => {
  const { saving, server, states, kept } = await saver(context);

  saving.change(named("One"));
  saving.change(BLANK);
  await until(() => states.at(-1) === "saved");

  assert.equal(server.puts.length, 0);
  assert.equal(kept.value, null);
});

test("two flushes at once send one document once", async (context) => {
  const { saving, server } = await saver(context);

  server.delayMs = 20;
  saving.change(named("One"));
  const both = await Promise.all([saving.flush(), saving.flush()]);

  assert.deepEqual(both, [true, true]);
  assert.equal(server.puts.length, 1);
});

test("what changes while a save is under way goes out after it, on the new revision", async (context) => {
  const { saving, server, states } = await saver(context);

  server.delayMs = 30;
  saving.change(named("One"));
  await until(() => server.puts.length === 1);
  saving.change(named("Two"));
  await until(() => states.at(-1) === "saved");

  assert.deepEqual(server.puts, [{ name: "One", base: '"1"' }, { name: "Two", base: '"2"' }]);
});

test("a newer draft is a conflict: nothing more is sent until a person decides", async (context) => {
  const { saving, server, states, kept } = await saver(context);

  server.draft = wire(named("Theirs"));
  server.revision = 7;
  saving.change(named("One"));
  await until(() => states.at(-1) === "conflict");
  saving.change(named("Two"));
  await later(40);
  assert.equal(server.puts.length, 1);
  assert.equal(server.draft["name"], "Theirs");
  assert.equal(kept.value?.name, "Two");

  await saving.overwrite();
  assert.deepEqual(server.puts.at(-1), { name: "Two", base: '"7"' });
  assert.equal(states.at(-1), "saved");
});

test("an ended session stops the saving and keeps the work", async (context) => {
  const { saving, server, states, kept } = await saver(context);

  server.mood = "signed-out";
  saving.change(named("One"));
  await until(() => states.at(-1) === "signed-out");
  saving.change(named("Two"));
  await later(40);

  assert.equal(server.puts.length, 1);
  assert.equal(kept.value?.name, "Two");
});

test("a refused document is kept, and sent again only once it has changed", async (context) => {
  const { saving, server, states, kept } = await saver(context);

  server.mood = "full";
  saving.change(named("Huge"));
  await until(() => states.at(-1) === "refused");
  await later(40);
  assert.equal(server.puts.length, 1);
  assert.equal(kept.value?.name, "Huge");

  server.mood = "well";
  saving.change(named("Small"));
  await until(() => states.at(-1) === "saved");
  assert.ok(isSame(readDocument(server.draft), named("Small")));
});
