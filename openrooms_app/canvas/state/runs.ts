/** The runs of the workflow that is edited: how the latest went, and one that is painted on the canvas while it goes on. */

import type { Json } from "../document/document.ts";
import type { Trial } from "../document/trial.ts";
import type { Send } from "./api.ts";
import { lastRunOf, over, paintOf, runOf, type LastRun } from "./last-run.ts";
import { RunPaint } from "./run-paint.ts";
import { createStore, type Store } from "./store.ts";

/** How often a run that is painted here is looked at. */
const WATCH_MS = 400;

export class Runs {
  readonly latest: Store<LastRun | null> = createStore<LastRun | null>(null);
  /** The run that is painted on the canvas. */
  readonly watched: Store<LastRun | null> = createStore<LastRun | null>(null);
  readonly paint = new RunPaint();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStopped = false;
  private readonly parts: { readonly send: Send; readonly workflowId: string };
  private readonly announce: (text: string) => void;

  constructor(parts: { readonly send: Send; readonly workflowId: string }, announce: (text: string) => void) {
    this.parts = parts;
    this.announce = announce;
  }

  /** Look anew at how the latest run went. */
  async look(): Promise<void> {
    this.latest.set(await lastRunOf(this.parts.send, this.parts.workflowId));
  }

  /** Start a run of the latest version in a room and paint it; why that was refused, or null. */
  async start(roomId: string, input: Json | undefined, trial: Trial = {}): Promise<string | null> {
    const path = `/api/rooms/${encodeURIComponent(roomId)}/run`;
    const reply = await this.parts.send<{ run_id: string }>("POST", path, { ...(input === undefined ? {} : { input }), ...trial });
    if (reply.kind !== "ok") return reply.detail;
    this.announce("The run has started.");
    this.unwatch();
    await this.watch(reply.value.run_id);
    return null;
  }

  unwatch(): void {
    clearTimeout(this.timer);
    this.watched.set(null);
    this.paint.show({});
  }

  /** The page goes: nothing is asked any more. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async watch(runId: string): Promise<void> {
    const run = await runOf(this.parts.send, runId);
    if (this.isStopped) return;
    if (run) {
      this.paint.show(paintOf(run));
      this.watched.set(run);
      this.latest.set(over(this.latest.get(), run));
    }
    if (run?.isOver) this.announce(`Run ${run.number}: ${run.status.toLowerCase()}.`);
    else this.timer = setTimeout(() => void this.watch(runId), WATCH_MS);
  }
}
