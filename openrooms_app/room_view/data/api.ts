/** The REST calls of a room's page. */

import type { Trial } from "../../canvas/document/trial.ts";
import type { Catalogue } from "../../canvas/state/catalogue.ts";
import { loginAddress, sender, type Reply, type Send } from "../../canvas/state/api.ts";
import { varsAt } from "../../canvas/state/last-run.ts";
import type { Filter } from "./log.ts";
import type { ConversationTurn, Json, JsonObject, MemoryEntry, MemoryHit, MemoryKind, Room, Run, RunEvent } from "./event.ts";

export type { Reply };

/** How an entry is to be kept. */
export type Kept = { readonly kind: MemoryKind; readonly ttl_s: number | null; readonly metadata: JsonObject };
/** What to look for; `by` null looks in every way there is. */
export type Search = { readonly query: string; readonly by: "words" | "meaning" | null; readonly kind: MemoryKind | null };

export type List<T> = { readonly items: readonly T[]; readonly next_cursor: string | null };
export type Version = { readonly version: number; readonly document: JsonObject };
export type Begun = { readonly run_id: string; readonly number: number; readonly version: number };
export type Action = "pause" | "resume" | "cancel";
export type Replayed =
  | { readonly identical: true; readonly fingerprint: string; readonly events: number }
  | { readonly identical: false; readonly divergence: JsonObject };

const ask = sender("");

/** Whoever has no session any more logs in, and comes back to the same place. */
const send: Send = async (method, path, body, headers) => {
  const reply = await ask(method, path, body, headers);
  if (reply.kind === "refused" && reply.status === 401) window.location.assign(loginAddress(window.location));
  return reply as never;
};

const at = (...parts: readonly (string | number)[]): string => `/api/${parts.map((part) => encodeURIComponent(part)).join("/")}`;

export const api = {
  room: (id: string): Promise<Reply<Room>> => send("GET", at("rooms", id)),
  run: (id: string): Promise<Reply<Run>> => send("GET", at("runs", id)),
  runs: (roomId: string, limit: number): Promise<Reply<List<Run>>> => send("GET", `${at("rooms", roomId, "runs")}?limit=${limit}`),
  /** The id of the room's run with this number. */
  runNumbered: async (roomId: string, number: number): Promise<string | null> => {
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const page: Reply<List<Run>> = await send("GET", `${at("rooms", roomId, "runs")}?limit=1000${query}`);
      if (page.kind !== "ok") return null;
      const found = page.value.items.find((run) => run.number === number);
      if (found) return found.id;
      cursor = page.value.next_cursor;
    }
    return null;
  },
  workflow: (id: string): Promise<Reply<{ readonly latest_version: number | null }>> => send("GET", at("workflows", id)),
  version: (workflowId: string, version: number): Promise<Reply<Version>> => send("GET", at("workflows", workflowId, "versions", version)),
  catalogue: (): Promise<Reply<Catalogue>> => send("GET", "/api/catalogue"),
  start: (roomId: string, input: Json | undefined, trial: Trial = {}): Promise<Reply<Begun>> =>
    send("POST", at("rooms", roomId, "run"), { ...(input === undefined ? {} : { input }), ...trial }, { "Idempotency-Key": requestId() }),
  /** The variables as a step could read them; null when they can't be had. */
  varsAt: (runId: string, step: number): Promise<JsonObject | null> => varsAt(send, runId, step),
  act: (roomId: string, action: Action): Promise<Reply<JsonObject>> => send("POST", at("rooms", roomId, action)),
  signal: (roomId: string, name: string, payload: Json): Promise<Reply<JsonObject>> => send("POST", at("rooms", roomId, "signals", name), payload),
  /** A new run, from the failure or from the step that is named. */
  retry: (runId: string, step: number | null): Promise<Reply<Begun>> =>
    send("POST", at("runs", runId, "retry"), step === null ? {} : { from_step: step }),
  events: (runId: string, afterSeq: number, limit: number): Promise<Reply<List<RunEvent>>> =>
    send("GET", `${at("runs", runId, "events")}?limit=${limit}&after_seq=${afterSeq}`),
  /** The events of these numbers, two hundred at most. */
  eventsAt: (runId: string, seqs: readonly number[]): Promise<Reply<List<RunEvent>>> =>
    send("GET", `${at("runs", runId, "events")}?${seqs.map((seq) => `seq=${seq}`).join("&")}`),
  /** The numbers of the events after `afterSeq` that pass the filter, as far as one search looks. */
  find: (runId: string, filter: Filter, afterSeq: number): Promise<Reply<{ readonly seqs: readonly number[]; readonly next_cursor: string | null }>> =>
    send("GET", `${at("runs", runId, "events", "seqs")}?${filtering(filter)}&after_seq=${afterSeq}`),
  replay: (runId: string): Promise<Reply<Replayed>> => send("POST", at("runs", runId, "replay")),
  memory: (roomId: string, kind: MemoryKind | null, limit: number, cursor: string | null): Promise<Reply<List<MemoryEntry>>> =>
    send("GET", `${at("rooms", roomId, "memory")}?limit=${limit}${kind ? `&kind=${kind}` : ""}${after(cursor)}`),
  search: (roomId: string, { query, by, kind }: Search): Promise<Reply<List<MemoryHit>>> =>
    send("GET", `${at("rooms", roomId, "memory")}?limit=50&query=${encodeURIComponent(query)}${by ? `&by=${by}` : ""}${kind ? `&kind=${kind}` : ""}`),
  entry: (roomId: string, key: string): Promise<Reply<MemoryEntry>> => send("GET", at("rooms", roomId, "memory", key)),
  remember: (roomId: string, key: string, value: Json, { kind, ttl_s: ttl, metadata }: Kept): Promise<Reply<MemoryEntry>> =>
    send("PUT", at("rooms", roomId, "memory", key), { value, kind, metadata, ...(ttl === null ? {} : { ttl_s: ttl }) }),
  conversation: (roomId: string, cursor: string | null): Promise<Reply<List<ConversationTurn>>> =>
    send("GET", `${at("rooms", roomId, "conversation")}?limit=50${after(cursor)}`),
  clearConversation: (roomId: string): Promise<Reply<null>> => send("DELETE", at("rooms", roomId, "conversation")),
  forget: (roomId: string, key: string): Promise<Reply<null>> => send("DELETE", at("rooms", roomId, "memory", key)),
};

/** The address of a file with all events that pass the filter, one JSON object a line. */
export function exportAddress(runId: string, filter: Filter): string {
  return `${at("runs", runId, "events", "export")}?${filtering(filter)}`;
}

function filtering({ level, text, node, type }: Filter): string {
  return new URLSearchParams({ level, ...(text.trim() ? { text } : {}), ...(node === null ? {} : { node_id: node }), ...(type === null ? {} : { type }) }).toString();
}

function after(cursor: string | null): string {
  return cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
}

/** `crypto.randomUUID` is not there on a page that came by plain HTTP from another machine; this is. */
function requestId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");
}
