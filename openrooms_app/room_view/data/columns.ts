/** What each event of a run is, in ten bytes: enough to filter, to count and to find by, for a million of them. */

import { LEVELS, type Level, type RunEvent } from "./event.ts";

const FIRST_SIZE = 1 << 12;

export class Columns {
  private levels = new Uint8Array(FIRST_SIZE);
  private types = new Uint8Array(FIRST_SIZE);
  private nodes = new Uint32Array(FIRST_SIZE);
  private steps = new Int32Array(FIRST_SIZE);
  readonly typeNames = new Names();
  readonly nodeNames = new Names();
  private count = 0;

  push(event: RunEvent): void {
    if (this.count === this.levels.length) this.grow();
    this.levels[this.count] = LEVELS.indexOf(event.level);
    this.types[this.count] = this.typeNames.number(event.type);
    this.nodes[this.count] = event.node_id === null ? 0 : this.nodeNames.number(event.node_id);
    this.steps[this.count] = event.step ?? -1;
    this.count += 1;
  }

  nodeOf(seq: number): string | null {
    return this.nodeNames.name(this.nodes[seq - 1] ?? 0);
  }

  /** The numbers of all that fit, in order. */
  seqsOf({ level, node, type }: { readonly level: Level; readonly node: string | null; readonly type: string | null }): number[] {
    const least = LEVELS.indexOf(level);
    const [wantedNode, wantedType] = [this.nodeNames.find(node), this.typeNames.find(type)];
    const found: number[] = [];
    for (let index = 0; index < this.count; index += 1) {
      if (this.levels[index]! < least) continue;
      if (wantedNode !== null && this.nodes[index] !== wantedNode) continue;
      if (wantedType !== null && this.types[index] !== wantedType) continue;
      found.push(index + 1);
    }
    return found;
  }

  /** The last `most` events of a node with one of these types, up to `until`, in order. */
  lastOf(node: string, types: readonly string[], until: number, most: number): number[] {
    const wantedNode = this.nodeNames.find(node);
    const wanted = new Set(types.map((type) => this.typeNames.find(type)));
    const found: number[] = [];
    for (let index = Math.min(until, this.count) - 1; index >= 0 && found.length < most; index -= 1) {
      if (this.nodes[index] === wantedNode && wanted.has(this.types[index]!)) found.push(index + 1);
    }
    return found.reverse();
  }

  /** The numbers of a step's events, which lie between these two. */
  ofStep(step: number, first: number, last: number): number[] {
    const found: number[] = [];
    for (let seq = first; seq <= Math.min(last, this.count); seq += 1) if (this.steps[seq - 1] === step) found.push(seq);
    return found;
  }

  /** The first of this level or above after `seq`; null if there is none. */
  nextOf(level: Level, seq: number): number | null {
    const least = LEVELS.indexOf(level);
    for (let index = seq; index < this.count; index += 1) if (this.levels[index]! >= least) return index + 1;
    return null;
  }

  private grow(): void {
    const size = this.count * 2;
    this.levels = grown(this.levels, new Uint8Array(size));
    this.types = grown(this.types, new Uint8Array(size));
    this.nodes = grown(this.nodes, new Uint32Array(size));
    this.steps = grown(this.steps, new Int32Array(size));
  }
}

function grown<A extends Uint8Array | Uint32Array | Int32Array>(from: A, into: A): A {
  into.set(from);
  return into;
}

/** Numbers for names, from 1. */
class Names {
  private readonly numbers = new Map<string, number>();
  private readonly names: string[] = [];

  number(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    this.names.push(name);
    this.numbers.set(name, this.names.length);
    return this.names.length;
  }

  /** The number of a name; -1 if it never came, null for no name. */
  find(name: string | null): number | null {
    return name === null ? null : (this.numbers.get(name) ?? -1);
  }

  name(number: number): string | null {
    return this.names[number - 1] ?? null;
  }

  get all(): readonly string[] {
    return this.names;
  }
}
