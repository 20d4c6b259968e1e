/** The list of names under the caret of an expression field, and where the caret is. */

import { useLayoutEffect, useRef } from "react";
import type { Name, Suggestion } from "./names.ts";

type Props = {
  readonly id: string;
  readonly found: Suggestion;
  readonly active: number;
  readonly top: number;
  readonly onTake: (name: Name) => void;
};

export function Completions({ id, found, active, top, onTake }: Props) {
  const chosen = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    chosen.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <ul id={id} role="listbox" aria-label="Names" className="oi-names" style={{ top }}>
      {found.names.map((name, index) => (
        <li
          key={name.name}
          id={`${id}-${index}`}
          ref={index === active ? chosen : null}
          role="option"
          aria-selected={index === active}
          onMouseDown={(event) => {
            event.preventDefault();
            onTake(name);
          }}
        >
          <code>{name.name}</code>
          <span>{name.detail}</span>
        </li>
      ))}
    </ul>
  );
}

/** How far below the top of `box` the line of a character ends. */
export function caretBottom(mirror: HTMLElement | null, box: HTMLElement | null, offset: number): number {
  if (!mirror || !box) return 0;
  const walker = document.createTreeWalker(mirror, NodeFilter.SHOW_TEXT);
  let rest = offset;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { length } = node.nodeValue ?? "";
    if (rest > length) {
      rest -= length;
      continue;
    }
    const range = document.createRange();
    range.setStart(node, rest);
    return range.getBoundingClientRect().bottom - box.getBoundingClientRect().top + 4;
  }
  return box.offsetHeight;
}
