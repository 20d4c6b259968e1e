/** Undo and redo over snapshots: documents share what did not change, so a snapshot costs next to nothing. */

export type History<T> = {
  readonly past: readonly T[];
  readonly now: T;
  readonly future: readonly T[];
  /** What the last change was about and when: changes of one kind in quick succession are one step. */
  readonly last?: { readonly kind: string; readonly at: number };
};

const DEPTH = 200;
const PAUSE_MS = 1_000;

export function begin<T>(now: T): History<T> {
  return { past: [], now, future: [] };
}

/**
 * The history after a change. `kind` names what is being edited ("config:tool_1:text"); typing on in the
 * same field within a second of the last letter belongs to the same step. No kind: always a step.
 */
export function record<T>(history: History<T>, now: T, at: number, kind?: string): History<T> {
  if (now === history.now) return history;
  const continues = kind !== undefined && history.last?.kind === kind && at - history.last.at < PAUSE_MS;
  return {
    past: continues ? history.past : [...history.past.slice(-(DEPTH - 1)), history.now],
    now,
    future: [],
    ...(kind === undefined ? {} : { last: { kind, at } }),
  };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), now: before, future: [history.now, ...history.future] };
}

export function redo<T>(history: History<T>): History<T> {
  const [after, ...future] = history.future;
  if (after === undefined) return history;
  return { past: [...history.past, history.now], now: after, future };
}

export function canUndo(history: History<unknown>): boolean {
  return history.past.length > 0;
}

export function canRedo(history: History<unknown>): boolean {
  return history.future.length > 0;
}
