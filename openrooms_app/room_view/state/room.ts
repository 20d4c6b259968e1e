/** What a room's page knows and does: facts by REST, events by the stream, and the moment that is looked at. */

import { readDocument, type WorkflowDocument } from "../../canvas/document/document.ts";
import { loginAddress, wrongOf, type Reply, type Wrong } from "../../canvas/state/api.ts";
import type { Trial } from "../../canvas/document/trial.ts";
import { EMPTY, type Catalogue } from "../../canvas/state/catalogue.ts";
import { createStore } from "../../canvas/state/store.ts";
import { api, type Action, type Begun } from "../data/api.ts";
import { isLive, isOver, type Json, type Room, type RoomNews, type Run, type RunEvent } from "../data/event.ts";
import { forkRules } from "../data/shared.ts";
import { RoomStream, type Connection } from "../data/stream.ts";
import { heard, silenced, SILENCE, type Delta, type Speeches } from "../data/words.ts";
import { catchUp } from "./catching-up.ts";
import { Comparing } from "./comparing.ts";
import { Recollection } from "./recollection.ts";
import { Timeline } from "./timeline.ts";

/** What stands beside the graph. */
export type Tab = "details" | "variables" | "memory" | "runs" | "compare" | "graph" | "log" | "steps";

export type Doing = Action | "run" | "retry" | "answer";

export type View = {
  readonly room: Room | null;
  /** Why the page can't be shown. */
  readonly fault: Wrong | null;
  readonly news: RoomNews | null;
  /** The run that is shown: its facts may come later than its events. */
  readonly run: Run | null;
  readonly document: WorkflowDocument | null;
  /** The version of `document`; null while none was published. */
  readonly version: number | null;
  readonly isUnpublished: boolean;
  readonly catalogue: Catalogue;
  readonly connection: Connection;
  readonly doing: Doing | null;
  /** What was asked for and has not shown in the status yet. */
  readonly asked: Action | null;
  readonly runs: readonly Run[] | null;
  /** The event whose moment is looked at; null is now. */
  readonly at: number | null;
  /** The node that log and graph both point at. */
  readonly node: string | null;
  readonly line: number | null;
  /** The transition that is asked about. */
  readonly way: string | null;
  /** The step that is looked into; null is the last one of `node`. */
  readonly step: number | null;
  /** The number of the event up to which a long run is being read; null while none is. */
  readonly readingTo: number | null;
  /** The tab that was opened last; null until one was. */
  readonly tab: Tab | null;
};

const BLANK: View = {
  room: null, fault: null, news: null, run: null, document: null, version: null, isUnpublished: false, catalogue: EMPTY,
  connection: "connecting", doing: null, asked: null, runs: null, at: null, node: null, line: null, way: null, step: null, readingTo: null, tab: null,
};

/** A run that is so many events ahead is read in one go. */
const FAR = 2_000;

/** A timeline is changed in place; `tick` tells that it was. */
export type Shown = { readonly timeline: Timeline; readonly tick: number };

const RUNS_SHOWN = 100;
const RELOAD_MS = 250;

export type Tell = (text: string) => void;

export class RoomModel {
  readonly view = createStore<View>(BLANK);
  readonly shown = createStore<Shown>({ timeline: new Timeline(""), tick: 0 });
  /** What models say at this moment. */
  readonly words = createStore<Speeches>(SILENCE);
  readonly memory: Recollection;
  readonly comparing: Comparing;
  private stream: RoomStream | null = null;
  private isClosed = false;
  /** Ends what reads a long run. */
  private reading: AbortController | null = null;
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly roomId: string;
  /** The number of the run to show; null follows the newest. */
  readonly pinned: number | null;
  private readonly tell: Tell;

  constructor(roomId: string, pinned: number | null, at: number | null, tell: Tell) {
    this.roomId = roomId;
    this.pinned = pinned;
    this.tell = tell;
    this.memory = new Recollection(roomId, tell);
    this.comparing = new Comparing(tell);
    this.put({ at });
  }

  /** Load and follow; `runId` is the pinned run's where it is known. */
  async open(runId: string | null = null): Promise<void> {
    const [room, catalogue] = await Promise.all([api.room(this.roomId), api.catalogue()]);
    if (this.isClosed) return;
    if (room.kind !== "ok") return this.put({ fault: wrongOf(room) });
    this.put({ room: room.value, fault: null, ...(catalogue.kind === "ok" ? { catalogue: catalogue.value } : {}) });
    void this.memory.load();
    const pinned = runId ?? (this.pinned === null ? null : await this.runNumbered(this.pinned));
    if (this.isClosed) return;
    if (this.pinned !== null && !pinned) return this.put({ fault: { text: `This room has no run #${this.pinned}.`, isMissing: true } });
    if (!this.view.get().runs) void this.loadRuns();
    if (!room.value.last_run_number) await this.showNextVersion();
    const query = pinned ? `?run_id=${encodeURIComponent(pinned)}` : "";
    if (this.isClosed) return;
    this.stream = new RoomStream(`/api/rooms/${encodeURIComponent(this.roomId)}/stream${query}`, {
      onEvents: (events) => this.onEvents(events),
      onDelta: (delta) => this.onDelta(delta),
      onNews: (news) => this.onNews(news),
      onConnection: (connection) => this.onConnection(connection),
    });
  }

  close(): void {
    this.isClosed = true;
    this.stream?.close();
    this.reading?.abort();
    this.shown.get().timeline.archive.close();
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  /** Look at the moment after the event `at`; null is now. */
  look(at: number | null): void {
    this.put({ at });
  }

  point(node: string | null, line: number | null = null): void {
    this.put({ node, line, way: null, step: null });
  }

  /** Point at a node and show what there is to tell of it. */
  inspect(node: string): void {
    this.put({ node, line: null, way: null, step: null, tab: "details" });
  }

  /** Look into a step. */
  into(step: number): void {
    const node = this.shown.get().timeline.now.steps.get(step)?.node_id;
    if (node !== undefined) this.put({ node, step, way: null, line: null, tab: "details" });
  }

  /** Ask why a transition was taken, or was not. */
  ask(way: string): void {
    this.put({ way, node: null, step: null, line: null, tab: "details" });
  }

  turn(tab: Tab): void {
    this.put({ tab });
  }

  /** Compare the run shown with the one of this number; null stops that. */
  async compareWith(number: number | null): Promise<void> {
    if (number === null) {
      this.comparing.stop();
      return this.put({ tab: "runs" });
    }
    const id = await this.runNumbered(number);
    const run = id === null ? null : await api.run(id);
    if (run?.kind !== "ok") return this.tell(`This room has no run #${number}.`);
    this.put({ tab: "compare" });
    const { document } = this.view.get();
    const rules = document && run.value.version === this.view.get().version ? (fork: string, join: string) => forkRules(document, fork, join) : undefined;
    await this.comparing.with(run.value, rules);
    this.comparing.judge(this.shown.get().timeline, this.view.get().run);
  }

  async act(action: Action): Promise<void> {
    if (this.view.get().doing) return;
    this.put({ asked: action }); // before it is sent: the status it leads to may come before the answer
    const reply = await this.doing(action, () => api.act(this.roomId, action));
    if (reply?.kind !== "ok") this.put({ asked: null });
  }

  /** Start a run: null when it was accepted, else why not, which is told here unless a form shows it. */
  async start(input: Json | undefined, { hasForm = false, trial }: { readonly hasForm?: boolean; readonly trial?: Trial } = {}): Promise<string | null> {
    const reply = await this.doing("run", () => api.start(this.roomId, input, trial), !hasForm);
    if (reply === null) return "Wait for what is under way.";
    if (reply.kind !== "ok") return reply.detail;
    this.begun(reply.value);
    return null;
  }

  /** A new run from where this one failed, or from the step that is named. */
  async retry(runId: string, step: number | null = null): Promise<boolean> {
    const reply = await this.doing("retry", () => api.retry(runId, step));
    if (reply?.kind === "ok") this.begun(reply.value);
    return reply?.kind === "ok";
  }

  /** It is queued, even if nobody moves it for a while; where another one goes on, it stands behind that. */
  private begun({ run_id, number, version }: Begun): void {
    const { news } = this.view.get();
    if (news && ((news.number ?? 0) >= number || isLive(news.status))) return;
    const fresh = { in_line: 0, has_workers: true, is_disk_full: false }; // the stream tells if it is not so
    this.put({ news: { room_id: this.roomId, run_id, number, version, status: "QUEUED", ...fresh } });
  }

  async answer(signal: string, payload: Json): Promise<Reply<unknown> | null> {
    return this.doing("answer", () => api.signal(this.roomId, signal, payload), false);
  }

  /** The schema of the input that the next run takes; null when it takes none. */
  async nextInput(): Promise<{ readonly schema: WorkflowDocument["input_schema"] | null } | null> {
    const found = await this.nextVersion();
    if (!found) return null;
    return { schema: found.document.input_schema ?? null };
  }

  private async doing<T>(doing: Doing, ask: () => Promise<Reply<T>>, tells = true): Promise<Reply<T> | null> {
    if (this.view.get().doing) return null;
    this.put({ doing });
    const reply = await ask();
    this.put({ doing: null });
    if (reply.kind !== "ok" && tells) this.tell(reply.detail);
    return reply;
  }

  private onEvents(events: readonly RunEvent[]): void {
    for (const runId of new Set(events.map((event) => event.run_id))) {
      const group = events.filter((event) => event.run_id === runId);
      if (runId !== this.shown.get().timeline.runId) this.turnTo(runId);
      const { timeline } = this.shown.get();
      if (!timeline.add(group)) continue;
      this.draw(timeline);
      this.words.set(silenced(this.words.get(), group));
      if (group.some((event) => event.type === "MEMORY_UPDATED")) this.soon("memory", () => this.memory.load());
      if (group.some((event) => event.type === "NODE_EXECUTED") && this.memory.store.get().turns) this.soon("said", () => this.memory.loadTurns());
      if (this.comparing.store.get()) this.soon("compare", async () => this.comparing.judge(timeline, this.view.get().run));
      if (group.some((event) => event.type.startsWith("ROOM_") || event.type === "RUN_QUEUED")) this.soon("run", () => this.loadRun(runId));
    }
  }

  private onDelta(delta: Delta): void {
    const { timeline } = this.shown.get();
    if (delta.run_id !== timeline.runId) return;
    const speeches = this.words.get();
    if (speeches.has(delta.step) || !isAnswered(timeline, delta)) this.words.set(heard(speeches, delta));
  }

  private turnTo(runId: string): void {
    const isFirst = this.shown.get().timeline.runId === "";
    this.shown.get().timeline.archive.close();
    const timeline = new Timeline(runId, () => this.draw(timeline));
    this.shown.set({ timeline, tick: 0 });
    this.words.set(SILENCE);
    this.put({ run: null, node: null, line: null, way: null, step: null, ...(isFirst ? {} : { at: null }) });
    void this.loadRun(runId);
  }

  private onNews(news: RoomNews): void {
    const before = this.view.get().news;
    this.put({ news, ...(before?.status === news.status && before.run_id === news.run_id ? {} : { asked: null }) });
    this.soon("runs", () => this.loadRuns());
    const { runId } = this.shown.get().timeline;
    if (runId) this.soon("run", () => this.loadRun(runId)); // a tab that was hidden may be far behind
    if (isOver(news.status)) this.soon("memory", () => this.memory.load());
  }

  private onConnection(connection: Connection): void {
    if (connection === "lost") void leaveIfLoggedOut();
    this.put({ connection });
  }

  private async loadRun(runId: string): Promise<void> {
    const reply = await api.run(runId);
    if (this.isClosed || reply.kind !== "ok" || this.shown.get().timeline.runId !== runId) return;
    this.put({ run: reply.value });
    await this.showVersion(reply.value.workflow_id, reply.value.version);
    await this.catchUp(runId, reply.value.seq);
  }

  /** Read what a long run is ahead of us; the stream, which tells events as they happen, goes on from there. */
  private async catchUp(runId: string, seq: number): Promise<void> {
    const { timeline } = this.shown.get();
    if (this.isClosed || this.reading || !this.stream || timeline.runId !== runId || seq - timeline.log.last < FAR) return;
    this.reading = new AbortController();
    this.stream.hold();
    this.put({ readingTo: seq });
    await catchUp(timeline, this.reading.signal, () => this.draw(timeline));
    this.reading = null;
    if (this.isClosed) return;
    this.put({ readingTo: null });
    this.draw(timeline);
    this.stream.goOn(`${runId}:${timeline.log.last}`);
  }

  private draw(timeline: Timeline): void {
    const shown = this.shown.get();
    if (shown.timeline === timeline) this.shown.set({ timeline, tick: shown.tick + 1 });
  }

  private async loadRuns(): Promise<void> {
    const reply = await api.runs(this.roomId, RUNS_SHOWN);
    if (reply.kind === "ok" && !this.isClosed) this.put({ runs: reply.value.items });
  }

  private async runNumbered(number: number): Promise<string | null> {
    await this.loadRuns();
    const known = this.view.get().runs?.find((run) => run.number === number);
    return known?.id ?? (await api.runNumbered(this.roomId, number));
  }

  /** The version that a run which begins now would be a run of. */
  async nextVersion(): Promise<{ readonly version: number; readonly document: WorkflowDocument } | null> {
    const { room } = this.view.get();
    if (!room) return null;
    let version = room.version;
    if (version === "latest") {
      const workflow = await api.workflow(room.workflow_id);
      if (workflow.kind !== "ok") return null;
      this.put({ isUnpublished: workflow.value.latest_version === null });
      if (workflow.value.latest_version === null) return null;
      version = workflow.value.latest_version;
    }
    const found = await api.version(room.workflow_id, version);
    if (found.kind !== "ok") return null;
    return { version: found.value.version, document: readDocument(found.value.document) };
  }

  private async showNextVersion(): Promise<void> {
    const found = await this.nextVersion();
    if (found && !this.isClosed) this.put(found);
  }

  private async showVersion(workflowId: string, version: number): Promise<void> {
    if (this.view.get().version === version && this.view.get().document) return this.refold();
    const reply = await api.version(workflowId, version);
    if (this.isClosed || reply.kind !== "ok") return;
    this.put({ version, document: readDocument(reply.value.document) });
    this.refold();
  }

  /** Forks merge by what the document says; until it came they were folded by the usual rule. */
  private refold(): void {
    const { document } = this.view.get();
    const { timeline } = this.shown.get();
    if (!document || timeline.isRuled) return;
    timeline.follow((fork, join) => forkRules(document, fork, join));
    this.draw(timeline);
  }

  private soon(what: string, load: () => Promise<void>): void {
    if (this.timers.has(what)) return;
    const later = (): void => {
      this.timers.delete(what);
      void load();
    };
    this.timers.set(what, setTimeout(later, RELOAD_MS));
  }

  private put(change: Partial<View>): void {
    this.view.set({ ...this.view.get(), ...change });
  }
}

/** Words that come later than the answer they belong to are of no use any more. */
function isAnswered(timeline: Timeline, { step, turn }: Delta): boolean {
  const known = timeline.now.steps.get(step);
  if (!known) return false;
  if (known.status !== "running") return true;
  return timeline.eventsOf(known).some((event) => event.type === "AGENT_RESPONSE" && event.data["turn"] === turn);
}

/** A stream that is refused can't say why; this can. */
async function leaveIfLoggedOut(): Promise<void> {
  try {
    const answer = await fetch("/api/auth/session", { headers: { accept: "application/json" } });
    if (answer.status === 401) window.location.assign(loginAddress(window.location));
  } catch {
    // offline: the banner says so
  }
}
