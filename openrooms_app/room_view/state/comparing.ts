/** Another run beside the one that is shown, and what tells the two apart. */

import { createStore } from "../../canvas/state/store.ts";
import { compare, type Comparison } from "../data/compare.ts";
import type { Run } from "../data/event.ts";
import type { RulesOf } from "../data/fold.ts";
import { readEvents } from "../data/reading.ts";
import { Timeline } from "./timeline.ts";

export type Compared = {
  readonly run: Run;
  readonly timeline: Timeline;
  /** null: there is nothing to compare with yet. */
  readonly comparison: Comparison | null;
};

export class Comparing {
  readonly store = createStore<Compared | null>(null);
  private wanted: string | null = null;
  private readonly tell: (text: string) => void;

  constructor(tell: (text: string) => void) {
    this.tell = tell;
  }

  /** Load the run's events; `rulesOf` are those of its document where that is known. */
  async with(run: Run, rulesOf?: RulesOf): Promise<void> {
    this.wanted = run.id;
    const timeline = new Timeline(run.id);
    if (rulesOf) timeline.follow(rulesOf);
    const reading = new AbortController();
    for await (const events of readEvents(run.id, 0, reading.signal)) {
      if (this.wanted !== run.id) return reading.abort();
      timeline.add(events);
    }
    if (this.wanted !== run.id) return;
    if (timeline.log.last < run.seq) return this.tell(`Run #${run.number} could not be read to its end. Try again.`);
    this.store.set({ run, timeline, comparison: null });
  }

  stop(): void {
    this.wanted = null;
    this.store.set(null);
  }

  /** Compare with the run that is shown, as far as it has come. */
  judge(shown: Timeline, run: Run | null): void {
    const compared = this.store.get();
    if (!compared || !shown.log.last) return;
    const inputs = [run?.input ?? null, compared.run.input] as const;
    this.store.set({ ...compared, comparison: compare(shown.now, compared.timeline.now, inputs) });
  }
}
