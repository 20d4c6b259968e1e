/** A run's steps in the order they were entered: copied in no time, however many there are, and changed without harm to copies. */

import type { Step } from "./steps.ts";

/** Steps kept together: a copy shares all of them until one is changed. */
const CHUNK = 256;

export class Steps {
  private chunks: Step[][] = [];
  /** The chunks and steps that no copy shares. */
  private ownChunks = new Set<number>();
  private ownSteps = new Set<number>();
  /** Where each number stands. Copies share it: the same events give the same places. */
  private places = new Map<number, number>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(number: number): Step | undefined {
    const place = this.places.get(number);
    return place === undefined ? undefined : this.at(place);
  }

  /** The one at this place; read it, don't change it. */
  at(place: number): Step | undefined {
    return place >= 0 && place < this.count ? this.chunks[Math.floor(place / CHUNK)]![place % CHUNK] : undefined;
  }

  /** Where the step of this number stands; -1 if it is not there. */
  placeOf(number: number): number {
    const place = this.places.get(number) ?? -1;
    return place < this.count ? place : -1;
  }

  slice(first: number, last: number): Step[] {
    const found: Step[] = [];
    for (let place = Math.max(0, first); place < Math.min(last, this.count); place += 1) found.push(this.at(place)!);
    return found;
  }

  *values(): Generator<Step> {
    for (let place = 0; place < this.count; place += 1) yield this.at(place)!;
  }

  /** The last `most` of a node's steps, in their order. */
  lastOf(node: string, most: number): Step[] {
    const found: Step[] = [];
    for (let place = this.count - 1; place >= 0 && found.length < most; place -= 1) {
      const step = this.at(place)!;
      if (step.node_id === node) found.push(step);
    }
    return found.reverse();
  }

  push(step: Step): void {
    const place = this.count;
    this.places.set(step.step, place);
    this.ownChunk(Math.floor(place / CHUNK))[place % CHUNK] = step;
    this.ownSteps.add(place);
    this.count += 1;
  }

  /** The step of this number, to be changed. */
  own(number: number): Step | undefined {
    const place = this.placeOf(number);
    if (place < 0) return undefined;
    const chunk = this.ownChunk(Math.floor(place / CHUNK));
    if (!this.ownSteps.has(place)) {
      chunk[place % CHUNK] = { ...chunk[place % CHUNK]! };
      this.ownSteps.add(place);
    }
    return chunk[place % CHUNK]!;
  }

  copy(): Steps {
    const copied = new Steps();
    copied.chunks = [...this.chunks];
    copied.places = this.places;
    copied.count = this.count;
    this.ownChunks = new Set();
    this.ownSteps = new Set();
    return copied;
  }

  private ownChunk(index: number): Step[] {
    if (!this.ownChunks.has(index)) {
      this.chunks[index] = [...(this.chunks[index] ?? [])];
      this.ownChunks.add(index);
    }
    return this.chunks[index]!;
  }
}
