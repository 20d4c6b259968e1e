/** A value that can be watched: the whole of the canvas's state handling. */

export type Store<T> = {
  readonly get: () => T;
  readonly set: (next: T) => void;
  /** Call `listener` after each change; the answer stops that. */
  readonly subscribe: (listener: () => void) => () => void;
};

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
