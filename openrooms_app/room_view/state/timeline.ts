/** A run's events with where it stands now, and where it stood after any of them. */

import type { RunEvent } from "../data/event.ts";
import { changeKey } from "../data/changes.ts";
import { apply, before, copyOf, type RulesOf, type Standing } from "../data/fold.ts";
import { EventLog, lowerBound, PAGE } from "../data/log.ts";
import type { Step } from "../data/steps.ts";
import { Archive } from "./archive.ts";

export class Timeline {
  readonly runId: string;
  readonly log = new EventLog();
  readonly archive: Archive;
  private standing = before();
  /** One for each page of the log, so no move of the slider folds or reads more than a page. */
  private kept: Standing[] = [before()];
  private rulesOf: RulesOf | undefined;
  /** The moment that was looked at last: every part of a page asks for the same one. */
  private past: Standing | null = null;
  /** The events that set a name, by `changeKey`. */
  private readonly changes = new Map<string, number[]>();

  /** `onLoad`: what was asked of the server has come. */
  constructor(runId: string, onLoad: () => void = () => undefined) {
    this.runId = runId;
    this.archive = new Archive(runId, this.log, onLoad);
  }

  /** Fold new events in; answers how many there were. */
  add(events: readonly RunEvent[]): number {
    const first = this.log.last;
    const added = this.log.add(events);
    for (const event of events) if (event.seq > first && event.seq <= this.log.last) this.take(event);
    return added;
  }

  /** Fold all anew by these rules, which come with the document: before a run has grown long. */
  follow(rulesOf: RulesOf): void {
    this.rulesOf = rulesOf;
    if (!this.log.isWhole) return;
    this.past = null;
    this.standing = before();
    this.kept = [before()];
    for (let seq = 1; seq <= this.log.last; seq += 1) this.fold(this.log.at(seq)!);
  }

  /** Whether the document's rules are known. */
  get isRuled(): boolean {
    return this.rulesOf !== undefined;
  }

  get now(): Standing {
    return this.standing;
  }

  /** Where the run stood after its event `seq`: read it, don't change it. The moment before it while the log is read again. */
  at(seq: number): Standing {
    const count = Math.max(0, Math.min(seq, this.log.last));
    if (this.past?.seq === count) return this.past;
    const nearest = Math.floor(count / PAGE);
    if (this.log.isMissing(nearest) && count > nearest * PAGE) {
      this.archive.wantPages([nearest]);
      return this.past ?? this.standing;
    }
    const begin = this.past && this.past.seq < count && this.past.seq > nearest * PAGE ? this.past : this.kept[nearest]!;
    const standing = copyOf(begin);
    for (let next = begin.seq + 1; next <= count; next += 1) apply(standing, this.log.at(next)!, this.rulesOf);
    this.past = standing;
    return standing;
  }

  /** The events of a step up to the event `until`, as far as they are here; others are asked for. */
  eventsOf(step: Step, until = Infinity): readonly RunEvent[] {
    const last = this.standing.steps.get(step.step)?.last ?? step.last;
    return this.eventsAt(this.log.columns.ofStep(step.step, step.first, Math.min(until, last)));
  }

  /** These events, as far as they are here; others are asked for. */
  eventsAt(seqs: readonly number[]): readonly RunEvent[] {
    const found = seqs.flatMap((seq) => this.log.at(seq) ?? []);
    if (found.length < seqs.length) this.archive.want(seqs);
    return found;
  }

  /** The next event after `seq` (or before it, with `step` -1) that set the name of this `changeKey`; null if there is none. */
  changeBeside(key: string, seq: number, step: 1 | -1): number | null {
    const seqs = this.changes.get(key) ?? [];
    const place = lowerBound(seqs, seq);
    return (step < 0 ? seqs[place - 1] : seqs[seqs[place] === seq ? place + 1 : place]) ?? null;
  }

  private take(event: RunEvent): void {
    this.fold(event);
    const key = changeKey(event);
    if (key === null) return;
    const seqs = this.changes.get(key);
    if (seqs) seqs.push(event.seq);
    else this.changes.set(key, [event.seq]);
  }

  private fold(event: RunEvent): void {
    apply(this.standing, event, this.rulesOf);
    if (event.seq % PAGE === 0) this.kept.push(copyOf(this.standing));
  }
}
