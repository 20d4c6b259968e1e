/** The events of one run in their order, and the ones among them that a reader wants to see. */

import { LEVELS, type Level, type RunEvent } from "./event.ts";

/** `names` are what nodes are called: people search for those, the log knows ids. */
export type Filter = { readonly level: Level; readonly text: string; readonly node: string | null; readonly type: string | null; readonly names: ReadonlyMap<string, string> };

export const EVERYTHING: Filter = { level: "DEBUG", text: "", node: null, type: null, names: new Map() };

/** Grows at its end only; `shown` holds the places of the events that pass the filter. */
export class EventLog {
  readonly events: RunEvent[] = [];
  private places: number[] = [];
  private wanted: (event: RunEvent) => boolean = () => true;
  private filter: Filter = EVERYTHING;
  /** The types of events that there are. */
  readonly types = new Set<string>();
  /** How many warnings and errors there are. */
  warnings = 0;
  errors = 0;

  /** Add events; those that are known already are left out. Answers how many were new. */
  add(news: readonly RunEvent[]): number {
    let added = 0;
    for (const event of news) {
      if (event.seq <= this.last) continue;
      if (this.wanted(event)) this.places.push(this.events.length);
      this.events.push(event);
      this.types.add(event.type);
      if (event.level === "WARNING") this.warnings += 1;
      else if (event.level === "ERROR" || event.level === "FATAL") this.errors += 1;
      added += 1;
    }
    return added;
  }

  /** The seq of the newest event, 0 when there is none. */
  get last(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  /** The numbers of the events shown, into `events`. */
  get shown(): readonly number[] {
    return this.places;
  }

  show(filter: Filter): void {
    if (isSame(filter, this.filter)) return;
    this.filter = filter;
    this.wanted = predicate(filter);
    this.places = [];
    for (let index = 0; index < this.events.length; index += 1) {
      if (this.wanted(this.events[index]!)) this.places.push(index);
    }
  }

  /** Where the event stands among those shown, or where it would stand. */
  placeOf(seq: number): number {
    let [low, high] = [0, this.places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[this.places[middle]!]!.seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
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
  return one.level === other.level && one.text === other.text && one.node === other.node && one.type === other.type && one.names === other.names;
}
