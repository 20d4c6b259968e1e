/** The live events of a room: one EventSource that goes on from the last event seen, however often it breaks. */

import type { RoomNews, RunEvent } from "./event.ts";
import type { Delta } from "./words.ts";

export type Connection = "connecting" | "live" | "lost";

export type Listener = {
  readonly onEvents: (events: readonly RunEvent[]) => void;
  /** A model speaks; the events before it have been handed on. */
  readonly onDelta: (delta: Delta) => void;
  readonly onNews: (news: RoomNews) => void;
  readonly onConnection: (connection: Connection) => void;
};

/** The server says something at least every 15 s; after this long a silent connection is taken for dead. */
const SILENCE_MS = 40_000;
/** A tab that nobody sees gives its connection back: a browser keeps six to one server for all its tabs. */
const HIDDEN_MS = 20_000;
const FIRST_REST_MS = 300;
const LAST_REST_MS = 5_000;
/** How long what arrives is collected before it is handed on. */
const GATHER_MS = 16;

export class RoomStream {
  private source: EventSource | null = null;
  private lastId = "";
  private rest = FIRST_REST_MS;
  private gathered: RunEvent[] = [];
  private isHeld = false;
  private readonly timers: Record<"again" | "silence" | "hidden" | "hand", ReturnType<typeof setTimeout> | undefined> = {
    again: undefined, silence: undefined, hidden: undefined, hand: undefined,
  };

  private readonly path: string;
  private readonly listener: Listener;

  /** `path` is the stream's address without a query, or with one of its own. */
  constructor(path: string, listener: Listener) {
    this.path = path;
    this.listener = listener;
    document.addEventListener("visibilitychange", this.onVisibility);
    window.addEventListener("online", this.reopen);
    this.open();
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.onVisibility);
    window.removeEventListener("online", this.reopen);
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.source?.close();
    this.source = null;
  }

  /** Say nothing for a while: somebody reads the events in another way. */
  hold(): void {
    this.isHeld = true;
    this.hand();
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.source?.close();
    this.source = null;
  }

  /** Go on after the event with this id. */
  goOn(id: string): void {
    this.isHeld = false;
    this.lastId = id;
    this.reopen();
  }

  private open(): void {
    if (this.isHeld) return;
    this.source?.close();
    const query = this.lastId ? `${this.path.includes("?") ? "&" : "?"}after=${encodeURIComponent(this.lastId)}` : "";
    const source = new EventSource(this.path + query);
    this.source = source;
    source.onopen = () => {
      this.rest = FIRST_REST_MS;
      this.listener.onConnection("live");
      this.heard();
    };
    source.onerror = () => this.broken(source);
    source.addEventListener("event", (message) => {
      this.heard();
      this.lastId = message.lastEventId;
      this.gathered.push(JSON.parse(message.data as string) as RunEvent);
      this.timers.hand ??= setTimeout(this.hand, GATHER_MS);
    });
    source.addEventListener("status", (message) => {
      this.heard();
      this.hand();
      this.listener.onNews(JSON.parse(message.data as string) as RoomNews);
    });
    source.addEventListener("delta", (message) => {
      this.hand();
      this.listener.onDelta(JSON.parse(message.data as string) as Delta);
    });
    source.addEventListener("beat", () => this.heard());
  }

  private readonly hand = (): void => {
    clearTimeout(this.timers.hand);
    this.timers.hand = undefined;
    const events = this.gathered;
    this.gathered = [];
    if (events.length) this.listener.onEvents(events);
  };

  /** The browser's own way to try again waits long and stops at an answer that is no stream: ours takes its place. */
  private broken(source: EventSource): void {
    if (source !== this.source) return;
    source.close();
    this.source = null;
    clearTimeout(this.timers.silence);
    this.listener.onConnection("lost");
    clearTimeout(this.timers.again);
    this.timers.again = setTimeout(() => this.open(), this.rest);
    this.rest = Math.min(this.rest * 2, LAST_REST_MS);
  }

  private heard(): void {
    clearTimeout(this.timers.silence);
    this.timers.silence = setTimeout(this.reopen, SILENCE_MS);
  }

  private readonly reopen = (): void => {
    clearTimeout(this.timers.again);
    if (document.visibilityState === "visible") this.open();
  };

  private readonly onVisibility = (): void => {
    clearTimeout(this.timers.hidden);
    if (document.visibilityState === "visible") {
      if (!this.source && !this.isHeld) this.reopen();
      return;
    }
    this.timers.hidden = setTimeout(() => {
      clearTimeout(this.timers.again);
      clearTimeout(this.timers.silence);
      this.source?.close();
      this.source = null;
    }, HIDDEN_MS);
  };
}
