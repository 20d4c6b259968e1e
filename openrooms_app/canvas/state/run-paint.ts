/**
 * The state of a run, painted on the canvas: a map from node to status outside of any component, so that a
 * push draws the touched cards anew and nothing else.
 */

export type Status = "queued" | "running" | "waiting" | "done" | "failed" | "skipped" | "pinned" | "cancelled";

export type NodeStatus = {
  readonly status: Status;
  /** Which try this is, from 1. */
  readonly attempt?: number;
  /** When the node got into this status: RFC 3339 text or milliseconds. */
  readonly since?: string | number;
  /** How long it took, once it is over, in seconds. */
  readonly took_s?: number;
  /** How often it was executed in this run. */
  readonly count?: number;
  /** For a join: how many branches have come, and how many it waits for. */
  readonly arrived?: number;
  readonly expected?: number;
};

/** How a node or way differs from that of a run it is compared with; `first` is where the two part. */
export type Mark = "here" | "there" | "differs" | "first";

export type Token = { readonly id: string; readonly node_id: string; readonly branch?: string };

export type RunState = {
  readonly statuses: Readonly<Record<string, NodeStatus>>;
  /** Transitions that the run has taken. */
  readonly taken: readonly string[];
  readonly tokens: readonly Token[];
  /** Where the run is: the nodes with a token, or the last one executed when it is over. */
  readonly front: readonly string[];
};

const NO_RUN: RunState = { statuses: {}, taken: [], tokens: [], front: [] };

/** What to watch to hear where the run has moved to. */
export const FRONT = "front";

/** One painted run; a page that compares two has two of them. */
export class RunPaint {
  private state = NO_RUN;
  private taken: ReadonlySet<string> = new Set();
  private words: ReadonlyMap<string, string> = new Map();
  private marks: ReadonlyMap<string, Mark> = new Map();
  private readonly listeners = new Map<string, Set<() => void>>();

  /** The whole state at this moment, as a page or the time travel slider gives it. */
  show(next: Partial<RunState>): void {
    const before = this.state;
    this.state = { ...NO_RUN, ...next };
    const wasTaken = this.taken;
    this.taken = new Set(this.state.taken);
    const nodes = [...Object.keys(before.statuses), ...Object.keys(this.state.statuses)];
    const changed = nodes.filter((id) => !isSame(before.statuses[id], this.state.statuses[id]));
    const ways = [...wasTaken, ...this.taken].filter((id) => wasTaken.has(id) !== this.taken.has(id));
    const moved = [...before.tokens, ...this.state.tokens].map((token) => token.node_id);
    this.notify(new Set([...changed, ...moved]), new Set(ways));
    if (before.front.join() !== this.state.front.join()) this.listeners.get(FRONT)?.forEach((listener) => listener());
  }

  /** Only what has changed since the last call: the live stream's way in. */
  patch(part: Partial<RunState>): void {
    this.show({
      statuses: { ...this.state.statuses, ...part.statuses },
      taken: part.taken ? [...new Set([...this.state.taken, ...part.taken])] : this.state.taken,
      tokens: part.tokens ?? this.state.tokens,
      front: part.front ?? this.state.front,
    });
  }

  /** What models say at their nodes just now. */
  say(words: ReadonlyMap<string, string>): void {
    const changed = different(this.words, words);
    this.words = words;
    for (const id of changed) this.listeners.get(`words:${id}`)?.forEach((listener) => listener());
  }

  /** Nodes and ways that differ from another run. */
  mark(marks: ReadonlyMap<string, Mark>): void {
    const changed = different(this.marks, marks);
    this.marks = marks;
    for (const id of changed) this.listeners.get(`mark:${id}`)?.forEach((listener) => listener());
  }

  wordsAt(nodeId: string): string | undefined {
    return this.words.get(nodeId);
  }

  /** `id` is a node's or a transition's. */
  markOf(id: string): Mark | undefined {
    return this.marks.get(id);
  }

  get front(): readonly string[] {
    return this.state.front;
  }

  get isOver(): boolean {
    return this.state.tokens.length === 0;
  }

  statusOf(nodeId: string): NodeStatus | undefined {
    return this.state.statuses[nodeId];
  }

  isTaken(transitionId: string): boolean {
    return this.taken.has(transitionId);
  }

  tokensAt(nodeId: string): number {
    return this.state.tokens.filter((token) => token.node_id === nodeId).length;
  }

  watch(key: string, listener: () => void): () => void {
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  private notify(nodes: ReadonlySet<string>, transitions: ReadonlySet<string>): void {
    for (const id of nodes) this.listeners.get(`node:${id}`)?.forEach((listener) => listener());
    for (const id of transitions) this.listeners.get(`way:${id}`)?.forEach((listener) => listener());
  }
}

const paints = new Map<string, RunPaint>();

/** The paint of this name, made at the first call; "live" is the room's own. */
export function runPaint(name = "live"): RunPaint {
  const paint = paints.get(name) ?? new RunPaint();
  paints.set(name, paint);
  return paint;
}

function different<T>(one: ReadonlyMap<string, T>, other: ReadonlyMap<string, T>): ReadonlySet<string> {
  return new Set([...one.keys(), ...other.keys()].filter((id) => one.get(id) !== other.get(id)));
}

function isSame(one: NodeStatus | undefined, other: NodeStatus | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
