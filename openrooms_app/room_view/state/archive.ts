/** What the browser holds of a long run no more: pages of its log, and searches through all of it, asked of the server. */

import { api } from "../data/api.ts";
import type { RunEvent } from "../data/event.ts";
import { EVERYTHING, PAGE, pageOf, type EventLog, type Filter } from "../data/log.ts";

/** Pages asked for at once. */
const AT_ONCE = 3;
/** Events that lie on more pages than these are read one by one, so many in a request. */
const SCATTERED = 2;
const TOGETHER = 200;

type Asking = Pick<typeof api, "events" | "eventsAt" | "find">;

export class Archive {
  private readonly asking: Asking;
  private readonly runId: string;
  private readonly log: EventLog;
  /** Something has come. */
  private readonly onNews: () => void;
  private waiting: number[] = [];
  private scattered: readonly number[] = [];
  private isGathering = false;
  private readonly asked = new Set<number>();
  private isClosed = false;
  private filter: Filter = EVERYTHING;

  constructor(runId: string, log: EventLog, onNews: () => void, asking: Asking = api) {
    this.asking = asking;
    this.runId = runId;
    this.log = log;
    this.onNews = onNews;
  }

  close(): void {
    this.isClosed = true;
  }

  /** Read these events, with their pages or `near` ones; what was wanted before and not begun is wanted no more. */
  want(seqs: readonly number[], near: () => readonly number[] = () => []): void {
    const missing = this.missing(seqs);
    const pages = new Set(missing.map(pageOf));
    if (pages.size <= SCATTERED) return this.wantPages([...pages]);
    this.scattered = [...missing, ...this.missing(near())];
    if (!this.isGathering) void this.gather();
  }

  wantPages(pages: readonly number[]): void {
    const missing = pages.filter((page) => this.log.isMissing(page) && !this.asked.has(page));
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
      const reply = await this.asking.find(this.runId, filter, after);
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
    for (let place = Math.max(0, shown.length - most); place < shown.length; ) {
      const seqs = Array.from({ length: Math.min(TOGETHER, shown.length - place) }, (_, offset) => shown.at(place + offset)!);
      const missing = this.missing(seqs);
      const pages = new Set(missing.map(pageOf));
      if (pages.size > SCATTERED) await this.readAlone(missing);
      else for (const page of pages) await this.read(page);
      found.push(...seqs.flatMap((seq) => this.log.at(seq) ?? []));
      place += seqs.length;
    }
    return found;
  }

  private missing(seqs: readonly number[]): number[] {
    return seqs.filter((seq) => !this.log.at(seq));
  }

  /** One request after the other, each for what is wanted when it begins. */
  private async gather(): Promise<void> {
    this.isGathering = true;
    for (let isGood = true; isGood && this.scattered.length; ) {
      const seqs = this.missing(this.scattered).slice(0, TOGETHER);
      this.scattered = [];
      isGood = seqs.length > 0 && (await this.readAlone(seqs));
    }
    this.isGathering = false;
  }

  /** Whether they came. */
  private async readAlone(seqs: readonly number[]): Promise<boolean> {
    const reply = await this.asking.eventsAt(this.runId, seqs);
    if (this.isClosed || reply.kind !== "ok") return false;
    this.log.putAlone(reply.value.items);
    this.onNews();
    return true;
  }

  private async read(page: number): Promise<void> {
    this.asked.add(page);
    const reply = await this.asking.events(this.runId, page * PAGE, PAGE);
    this.asked.delete(page);
    if (this.isClosed || reply.kind !== "ok") return;
    if (this.log.isMissing(page)) this.log.put(page, [...reply.value.items]);
    this.onNews();
    const next = this.waiting.pop();
    if (next !== undefined && this.log.isMissing(next)) void this.read(next);
  }
}
