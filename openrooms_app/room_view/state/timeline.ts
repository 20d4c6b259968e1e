/** A run's events with where it stands now, and where it stood after any of them. */

import type { RunEvent } from "../data/event.ts";
import { apply, before, copyOf, type RulesOf, type Standing } from "../data/fold.ts";
import { EventLog } from "../data/log.ts";

/** A standing is kept each so many events, so no move of the slider folds more than that. */
const KEPT_EACH = 1_000;

export class Timeline {
  readonly runId: string;
  readonly log = new EventLog();
  private standing = before();
  private kept: Standing[] = [before()];
  private rulesOf: RulesOf | undefined;
  /** The moment that was looked at last: every part of a page asks for the same one. */
  private past: { readonly count: number; readonly standing: Standing } | null = null;
  /** The places of each step's events in the log. */
  private readonly places = new Map<number, number[]>();

  constructor(runId: string) {
    this.runId = runId;
  }

  /** Fold new events in; answers how many there were. */
  add(events: readonly RunEvent[]): number {
    const first = this.log.events.length;
    const added = this.log.add(events);
    for (let index = first; index < this.log.events.length; index += 1) {
      this.fold(index);
      this.place(index);
    }
    return added;
  }

  /** Fold all anew by these rules, which come with the document. */
  follow(rulesOf: RulesOf): void {
    this.rulesOf = rulesOf;
    this.past = null;
    this.standing = before();
    this.kept = [before()];
    for (let index = 0; index < this.log.events.length; index += 1) this.fold(index);
  }

  /** Whether the document's rules are known. */
  get isRuled(): boolean {
    return this.rulesOf !== undefined;
  }

  get now(): Standing {
    return this.standing;
  }

  /** Where the run stood after its event `seq`: read it, don't change it. */
  at(seq: number): Standing {
    const count = Math.max(0, Math.min(seq, this.log.events.length));
    if (this.past?.count === count) return this.past.standing;
    const nearest = Math.floor(count / KEPT_EACH);
    const standing = copyOf(this.kept[nearest]!);
    for (let index = nearest * KEPT_EACH; index < count; index += 1) apply(standing, this.log.events[index]!, this.rulesOf);
    this.past = { count, standing };
    return standing;
  }

  /** The events of a step, up to the event `until`. */
  eventsOf(step: number, until = Infinity): readonly RunEvent[] {
    const events = (this.places.get(step) ?? []).map((place) => this.log.events[place]!);
    return events.at(-1) && events.at(-1)!.seq > until ? events.filter((event) => event.seq <= until) : events;
  }

  private place(index: number): void {
    const { step } = this.log.events[index]!;
    if (step === null) return;
    const places = this.places.get(step);
    if (places) places.push(index);
    else this.places.set(step, [index]);
  }

  private fold(index: number): void {
    apply(this.standing, this.log.events[index]!, this.rulesOf);
    if ((index + 1) % KEPT_EACH === 0) this.kept.push(copyOf(this.standing));
  }
}
