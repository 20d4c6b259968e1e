/** The ways of edges for React: an edge is drawn anew when its own way is another one, not when any card has moved. */

import { createContext, useContext, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Position } from "../document/document.ts";
import { isSameBox, route, sees, type Box, type Ends, type Obstacles } from "../document/route.ts";
import { createStore, type Store } from "../state/store.ts";

/** The cards of a drawing, and what is different from the cards `before`: each box that came, went or moved. */
type Field = { readonly cards: Obstacles; readonly before: Obstacles; readonly changed: readonly Box[] };

const EMPTY: Field = { cards: [], before: [], changed: [] };

export const FieldContext = createContext<Store<Field>>(createStore(EMPTY));

/** The field that the edges of one drawing go through. */
export function useField(cards: Obstacles): Store<Field> {
  const [field] = useState(() => createStore<Field>({ ...EMPTY, cards }));
  useLayoutEffect(() => {
    const before = field.get().cards;
    if (before !== cards) field.set({ cards, before, changed: changedIn(before, cards) });
  }, [field, cards]);
  return field;
}

function changedIn(before: Obstacles, after: Obstacles): Box[] {
  const known = new Map(before.map((box) => [box.id, box]));
  const changed = after.flatMap((box) => {
    const old = known.get(box.id);
    known.delete(box.id);
    if (!old) return [box];
    return isSameBox(old, box) ? [] : [old, box];
  });
  return [...changed, ...known.values()];
}

type Known = { readonly ends: Ends; readonly cards: Obstacles; readonly points: readonly Position[] };

/** The points of an edge's way; the same list while they are the same. `ends` must be the same object until they move. */
export function useRoute(ends: Ends): readonly Position[] {
  const field = useContext(FieldContext);
  const known = useRef<Known | null>(null);
  const read = (): readonly Position[] => {
    const next = routed(ends, field.get(), known.current);
    known.current = next;
    return next.points;
  };
  return useSyncExternalStore(field.subscribe, read, read);
}

function routed(ends: Ends, { cards, before, changed }: Field, known: Known | null): Known {
  if (known?.ends === ends) {
    if (known.cards === cards) return known;
    if (known.cards === before && !changed.some((box) => sees(ends, box))) return { ...known, cards };
  }
  const points = route(ends, cards);
  return { ends, cards, points: known && isSame(known.points, points) ? known.points : points };
}

function isSame(one: readonly Position[], other: readonly Position[]): boolean {
  return one.length === other.length && one.every(({ x, y }, index) => x === other[index]!.x && y === other[index]!.y);
}
