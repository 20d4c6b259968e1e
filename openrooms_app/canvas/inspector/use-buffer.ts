/** What stands in a field while it is typed: the document gets it as soon as it can be read, and wins when it changes. */

import { useState } from "react";
import type { Json } from "../document/document.ts";
import type { Read } from "../document/schema.ts";

type Value = Json | undefined;

export type Buffer = {
  readonly text: string;
  /** Why the text is not in the document yet; empty when it is. */
  readonly fault: string;
  readonly type: (text: string) => void;
  /** The field is left: a text that was read is shown as the document writes it. */
  readonly settle: () => void;
};

type Typed = { readonly text: string; readonly fault: string; readonly standsFor: Value };

export type Shape = { readonly print: (value: Value) => string; readonly read: (text: string) => Read };

export function useBuffer(value: Value, { print, read }: Shape, onChange: (value: Value) => void): Buffer {
  const [typed, setTyped] = useState<Typed | null>(null);
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
