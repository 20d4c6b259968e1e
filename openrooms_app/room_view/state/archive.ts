/** What the browser holds of a long run no more: pages of its log, and searches through all of it, asked of the server. */

import { api } from "../data/api.ts";
import type { RunEvent } from "../data/event.ts";
import { EVERYTHING, PAGE, type EventLog, type Filter } from "../data/log.ts";

/** Pages asked for at once. */
const AT_ONCE = 3;

export class Archive {
  private readonly runId: string;
  private readonly log: EventLog;
  /** Something has come. */
  private readonly onNews: () => void;
  private waiting: number[] = [];
  private readonly asked = new Set<number>();
  private isClosed = false;
  private filter: Filter = EVERYTHING;

  constructor(runId: string, log: EventLog, onNews: () => void) {
    this.runId = runId;
    this.log = log;
    this.onNews = onNews;
  }

  close(): void {
    this.isClosed = true;
  }

  /** Read the pages of these events; those that were wanted before and not begun are wanted no more. */
  want(seqs: Iterable<number>): void {
    const pages = new Set([...seqs].map((seq) => Math.floor((seq - 1) / PAGE)));
    const missing = [...pages].filter((page) => this.log.isMissing(page) && !this.asked.has(page));
    if (!missing.length) return;
    this.waiting = missing;
    while (this.asked.size < AT_ONCE && this.waiting.length) void this.read(this.waiting.pop()!);
  }

  /** Show what passes the filter; what the browser can't tell by itself is looked for. */
  async show(filter: Filter): Promise<void> {
    this.filter = filter;
    this.log.show(filter);
    const passing = this.log.shown;
    for (let after = 0; passing.sought !== null; ) {
      const reply = await api.find(this.runId, filter, after);
      if (this.isClosed || this.filter !== filter || reply.kind !== "ok") return;
      passing.add(reply.value.seqs);
      after = Number(reply.value.next_cursor ?? passing.sought);
      if (after >= passing.sought) passing.sought = null;
      this.onNews();
    }
  }

  /** The last `most` events that are shown, read where they are not here. */
  async lastShown(most: number): Promise<readonly RunEvent[]> {
    const { shown } = this.log;
    const found: RunEvent[] = [];
    for (let place = Math.max(0, shown.length - most); place < shown.length; place += 1) {
      const seq = shown.at(place)!;
      if (!this.log.at(seq)) await this.read(Math.floor((seq - 1) / PAGE));
      const event = this.log.at(seq);
      if (event) found.push(event);
    }
    return found;
  }

  private async read(page: number): Promise<void> {
    this.asked.add(page);
    const reply = await api.events(this.runId, page * PAGE, PAGE);
    this.asked.delete(page);
    if (this.isClosed || reply.kind !== "ok") return;
    if (this.log.isMissing(page)) this.log.put(page, [...reply.value.items]);
    this.onNews();
    const next = this.waiting.pop();
    if (next !== undefined && this.log.isMissing(next)) void this.read(next);
  }
}
