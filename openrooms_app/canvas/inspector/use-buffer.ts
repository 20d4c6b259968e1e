/**
 * What stands in a field while it is typed: the document gets it as soon as it can be read, and wins when it changes.
 * What can't be read outlives the field, so that nobody loses it by a click elsewhere.
 */

import { useContext, useState } from "react";
import type { Json } from "../document/document.ts";
import type { Read } from "../document/schema.ts";
import { placeOf, type Unread } from "../state/unread.ts";
import { LiveContext } from "./live.tsx";

type Value = Json | undefined;

export type Buffer = {
  readonly text: string;
  /** Why the text is not in the document yet; empty when it is. */
  readonly fault: string;
  readonly type: (text: string) => void;
  /** The field is left: a text that was read is shown as the document writes it. */
  readonly settle: () => void;
};

export type Shape = { readonly print: (value: Value) => string; readonly read: (text: string) => Read };

/** `path` is where the field stands in what is inspected; without one, what can't be read goes with the field. */
export function useBuffer(value: Value, { print, read }: Shape, onChange: (value: Value) => void, path?: readonly string[]): Buffer {
  const editor = useContext(LiveContext);
  const [place] = useState(() => (editor && path ? placeOf(editor.store.get().selection, path) : null));
  const [typed, put] = useState<Unread | null>(() => (place ? editor!.unread.get(place) : null));
  const setTyped = (next: Unread | null): void => {
    put(next);
    if (place) editor!.unread.put(place, next?.fault ? next : null);
  };
  const current = typed && isEqual(typed.standsFor, value) ? typed : null;
  return {
    text: current ? current.text : print(value),
    fault: current?.fault ?? "",
    type: (text) => {
      const found = read(text);
      if (found.fault !== undefined) return setTyped({ text, fault: found.fault, standsFor: value });
      setTyped({ text, fault: "", standsFor: found.value });
      if (!isEqual(found.value, value)) onChange(found.value);
    },
    settle: () => current && !current.fault && setTyped(null),
  };
}

export function isEqual(one: Value, other: Value): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
