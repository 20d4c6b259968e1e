/** The events of one run in their order: in a few bytes each all of them, whole those that were read last. */

import { Columns } from "./columns.ts";
import { LEVELS, type Level, type RunEvent } from "./event.ts";

/** `names` are what nodes are called: people search for those, the log knows ids. */
export type Filter = { readonly level: Level; readonly text: string; readonly node: string | null; readonly type: string | null; readonly names: ReadonlyMap<string, string> };

export const EVERYTHING: Filter = { level: "DEBUG", text: "", node: null, type: null, names: new Map() };

/** Events that are kept or dropped, and read again, together. */
export const PAGE = 1_000;
/** Pages kept whole: some fifty megabytes, however long the run is. */
const HELD = 64;
/** Events kept besides, that came without their page. */
const HELD_ALONE = 4_000;

/** Grows at its end only; `shown` holds the numbers of the events that pass the filter. */
export class EventLog {
  readonly columns = new Columns();
  /** By page, in the order of their last use. */
  private readonly pages = new Map<number, RunEvent[]>();
  /** By number, in the order in which they came. */
  private readonly alone = new Map<number, RunEvent>();
  private latest = -1;
  private count = 0;
  private dropped = 0;
  private wanted: (event: RunEvent) => boolean = () => true;
  private filter: Filter = EVERYTHING;
  private passing = new Passing(null);
  /** How many warnings and errors there are. */
  warnings = 0;
  errors = 0;
  /** How often something has come back. */
  loads = 0;

  /** Add events; those that are known already are left out. Answers how many were new. */
  add(news: readonly RunEvent[]): number {
    const before = this.count;
    for (const event of news) {
      if (event.seq !== this.count + 1) continue; // known, or behind a gap: the stream goes on after the last one
      this.hold(event);
      this.columns.push(event);
      if (this.wanted(event)) this.passing.push(event.seq);
      if (event.level === "WARNING") this.warnings += 1;
      else if (event.level === "ERROR" || event.level === "FATAL") this.errors += 1;
    }
    return this.count - before;
  }

  /** The number of the newest event, 0 when there is none; so many there are. */
  get last(): number {
    return this.count;
  }

  /** Whether no event was dropped. */
  get isWhole(): boolean {
    return this.dropped === 0;
  }

  get types(): readonly string[] {
    return this.columns.typeNames.all;
  }

  /** The event of this number; undefined where there is none, or its page was dropped. */
  at(seq: number): RunEvent | undefined {
    const page = pageOf(seq);
    if (page !== this.latest) this.use(page);
    return this.pages.get(page)?.[(seq - 1) % PAGE] ?? this.alone.get(seq);
  }

  /** Whether a page with events of ours is not here. */
  isMissing(page: number): boolean {
    return page >= 0 && page * PAGE < this.count && !this.pages.has(page);
  }

  /** A page that was dropped has been read again. */
  put(page: number, events: RunEvent[]): void {
    this.pages.set(page, events);
    this.latest = page;
    this.loads += 1;
    this.dropped -= 1;
    this.drop();
  }

  /** Events of dropped pages have been read one by one. */
  putAlone(events: readonly RunEvent[]): void {
    for (const event of events) this.alone.set(event.seq, event);
    for (const seq of this.alone.keys()) {
      if (this.alone.size <= HELD_ALONE) break;
      this.alone.delete(seq);
    }
    this.loads += 1;
  }

  get shown(): Passing {
    return this.passing;
  }

  show(filter: Filter): void {
    if (isSame(filter, this.filter)) return;
    this.filter = filter;
    this.wanted = predicate(filter);
    const isPlain = !filter.text.trim();
    if (isSame(filter, EVERYTHING)) this.passing = new Passing(null, this.count);
    else if (isPlain) this.passing = new Passing(this.columns.seqsOf(filter));
    else this.passing = new Passing(this.isWhole ? this.searched() : [], this.isWhole ? null : this.count);
  }

  private searched(): number[] {
    const found: number[] = [];
    for (let seq = 1; seq <= this.count; seq += 1) if (this.wanted(this.at(seq)!)) found.push(seq);
    return found;
  }

  private hold(event: RunEvent): void {
    const page = Math.floor(this.count / PAGE);
    const events = this.pages.get(page);
    if (events) events.push(event);
    else {
      this.pages.set(page, [event]);
      this.drop();
    }
    this.count += 1;
  }

  private use(page: number): void {
    const events = this.pages.get(page);
    if (!events) return;
    this.pages.delete(page);
    this.pages.set(page, events);
    this.latest = page;
  }

  /** Forget the page that was not used for longest; the newest one still grows. */
  private drop(): void {
    const newest = Math.floor(this.count / PAGE);
    for (const page of this.pages.keys()) {
      if (this.pages.size <= HELD) return;
      if (page === newest) continue;
      this.pages.delete(page);
      this.dropped += 1;
    }
  }
}

/** The page that an event lies on. */
export function pageOf(seq: number): number {
  return Math.floor((seq - 1) / PAGE);
}

/** The numbers of the events that pass a filter: what was found among the older ones, then what has come since. */
export class Passing {
  private readonly found: number[] | null;
  private readonly since: number[] = [];
  private count: number;
  /** Events up to this one the server has to look through; null when that is not needed, or is done. */
  sought: number | null;

  /** Without `found` all pass; `count` are there, or with `found` are still to be looked through. */
  constructor(found: number[] | null, count: number | null = null) {
    this.found = found;
    this.count = found === null ? (count ?? 0) : 0;
    this.sought = found === null ? null : count;
  }

  get length(): number {
    return this.found === null ? this.count : this.found.length + this.since.length;
  }

  at(place: number): number | undefined {
    if (this.found === null) return place < this.count ? place + 1 : undefined;
    return place < this.found.length ? this.found[place] : this.since[place - this.found.length];
  }

  /** A newer event passes. */
  push(seq: number): void {
    if (this.found === null) this.count = seq;
    else this.since.push(seq);
  }

  /** The search has found more of the older ones. */
  add(seqs: readonly number[]): void {
    for (const seq of seqs) if (seq <= this.sought!) this.found!.push(seq);
  }

  /** Where the event stands among those shown, or where it would stand. */
  placeOf(seq: number): number {
    if (this.found === null) return Math.min(this.count, Math.max(0, seq - 1));
    const place = lowerBound(this.found, seq);
    return place < this.found.length ? place : place + lowerBound(this.since, seq);
  }
}

/** The place of the first number in the sorted list that is not below this one. */
export function lowerBound(sorted: readonly number[], number: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether an event passes; every word of the text must stand in its line, its type, its node's name or its data. */
export function predicate({ level, text, node, type, names }: Filter): (event: RunEvent) => boolean {
  const least = LEVELS.indexOf(level);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (event) => {
    if (LEVELS.indexOf(event.level) < least) return false;
    if (node !== null && event.node_id !== node) return false;
    if (type !== null && event.type !== type) return false;
    if (!words.length) return true;
    const name = event.node_id === null ? "" : `${event.node_id} ${names.get(event.node_id) ?? ""}`;
    const line = `${event.message} ${event.type} ${name} ${JSON.stringify(event.data)} ${event.error?.message ?? ""}`.toLowerCase();
    return words.every((word) => line.includes(word));
  };
}

function isSame(one: Filter, other: Filter): boolean {
  const namesCount = one.text.trim() !== "" || other.text.trim() !== "";
  return one.level === other.level && one.text === other.text && one.node === other.node && one.type === other.type && (!namesCount || one.names === other.names);
}
