/** What the API tells of rooms, runs and their events, as the browser reads it. */

import type { Json, JsonObject } from "../../canvas/document/document.ts";
import type { SeenTrial } from "../../canvas/document/trial.ts";

export type { Json, JsonObject };

export type Level = "DEBUG" | "INFO" | "WARNING" | "ERROR" | "FATAL";
export const LEVELS: readonly Level[] = ["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"];

export type RunStatus = "QUEUED" | "RUNNING" | "PAUSED" | "WAITING" | "COMPLETED" | "FAILED" | "CANCELLED";
export type RoomStatus = RunStatus | "IDLE";

export type RunError = { readonly code?: string; readonly message?: string; readonly node_id?: string | null };

/** A recorded fact. Within a run `seq` counts from 1 without a gap. */
export type RunEvent = {
  readonly run_id: string;
  readonly seq: number;
  readonly type: string;
  readonly level: Level;
  readonly at: string;
  readonly node_id: string | null;
  readonly step: number | null;
  readonly attempt: number | null;
  /** "" outside of any fork, "7.0" in branch 0 of the fork whose activation is "7". */
  readonly branch: string | null;
  readonly message: string;
  readonly data: JsonObject;
  readonly error: RunError | null;
  readonly duration_ms: number | null;
};

export type Run = {
  readonly id: string;
  readonly room_id: string;
  readonly workflow_id: string;
  readonly version: number;
  readonly number: number;
  readonly status: RunStatus;
  readonly input: Json;
  readonly output: Json;
  readonly error: RunError | null;
  readonly steps: number;
  readonly tokens: number;
  readonly cost_usd: number;
  readonly seq: number;
  readonly fingerprint: string | null;
  readonly retry_of: string | null;
  readonly trial?: SeenTrial | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
};

export type Room = {
  readonly id: string;
  readonly name: string;
  readonly workflow_id: string;
  readonly workflow_name: string;
  readonly version: number | "latest";
  readonly queue_runs: boolean;
  readonly status: RoomStatus;
  readonly last_run_number: number;
};

/** What the stream says of the room between its events. */
export type RoomNews = {
  readonly room_id: string;
  readonly status: RoomStatus;
  readonly run_id: string | null;
  readonly number: number | null;
  readonly version: number | null;
  /** Runs that wait for this one to end. */
  readonly in_line: number;
  /** Whether anybody is there to move a run that could be moved; true of any other. */
  readonly has_workers: boolean;
  /** Whether it has to wait for room on the installation's disk. */
  readonly is_disk_full: boolean;
};

/** How long an entry is kept and how it is found: SHORT_TERM ends with its run, SEMANTIC is found by its meaning. */
export type MemoryKind = "SHORT_TERM" | "LONG_TERM" | "SEMANTIC";

export type MemoryEntry = {
  readonly key: string;
  readonly value: Json;
  readonly updated_at: string;
  readonly run_id?: string | null;
  readonly kind?: MemoryKind;
  readonly expires_at?: string | null;
  readonly metadata?: JsonObject;
  /** Whether it can be found by its meaning. */
  readonly is_embedded?: boolean;
};

/** An entry that was searched for. */
export type MemoryHit = { readonly key: string; readonly value: Json; readonly kind: MemoryKind; readonly score: number; readonly metadata?: JsonObject };

/** What was said in the room; role `summary` stands for what was said before. */
export type ConversationTurn = { readonly id: number; readonly role: string; readonly content: string; readonly run_id: string; readonly at: string };

const OVER: ReadonlySet<string> = new Set(["COMPLETED", "FAILED", "CANCELLED"]);

export function isOver(status: RoomStatus): boolean {
  return OVER.has(status);
}

/** Whether a run with this status holds its room. */
export function isLive(status: RoomStatus): boolean {
  return status !== "IDLE" && !isOver(status);
}
