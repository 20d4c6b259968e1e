/** What every part of a room's page shares: the room, and whether the reader may do more than look. */

import { createContext, useContext, useMemo } from "react";
import { useStore } from "../../canvas/state/use-store.ts";
import type { Standing } from "../data/fold.ts";
import type { RoomModel, Shown, View } from "../state/room.ts";

export type RoomFacts = {
  readonly model: RoomModel;
  readonly canEdit: boolean;
  /** The address asks for a new run: `?run=new`. */
  readonly beginsWithForm: boolean;
  /** Show the run of this number; null follows the newest. */
  readonly goTo: (run: number | null) => void;
};

export const RoomContext = createContext<RoomFacts | null>(null);

export function useRoom(): RoomFacts {
  const facts = useContext(RoomContext);
  if (!facts) throw new Error("A part of the room stands outside of it.");
  return facts;
}

/** One part of the page's view; `pick` gives the same object as long as nothing of it has changed. */
export function useView<S>(pick: (view: View) => S): S {
  return useStore(useRoom().model.view, pick);
}

export function useShown(): Shown {
  return useStore(useRoom().model.shown, (shown) => shown);
}

/** Where the run stands, or stood at the moment that is looked at. Changed in place: read it, don't keep it. */
export function useStanding(): Standing {
  const { timeline, tick } = useShown();
  const at = useView((view) => view.at);
  const isToCome = at !== null && at > timeline.log.last;
  const past = useMemo(() => (at === null ? null : timeline.at(at)), [timeline, timeline.isRuled, at, isToCome ? tick : 0, timeline.log.loads]);
  return past ?? timeline.now;
}
