/** Stores for React: a component draws anew when what it picked is another value. */

import { useSyncExternalStore } from "react";
import type { Store } from "./store.ts";

/** The part of a store's value that `pick` gives; `pick` must give the same object for the same value. */
export function useStore<T, S>(store: Store<T>, pick: (value: T) => S): S {
  const read = (): S => pick(store.get());
  return useSyncExternalStore(store.subscribe, read, read);
}
