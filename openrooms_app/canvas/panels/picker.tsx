/** A box to choose one of many by typing: words, arrows, Enter; Escape gives the focus back to where it was. */

import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

export type Choice = {
  readonly id: string;
  readonly title: string;
  readonly detail?: string;
  /** What else it is found by. */
  readonly words?: string;
  readonly icon?: ReactNode;
  readonly aside?: ReactNode;
  /** Why it can't be chosen. */
  readonly refusal?: string;
};

type Props = {
  readonly label: string;
  readonly placeholder: string;
  readonly choices: readonly Choice[];
  readonly none: string;
  readonly footer?: string;
  readonly onPick: (id: string) => void;
  readonly onClose: () => void;
};

const SHOWN = 60;

export function Picker({ label, placeholder, choices, none, footer, onPick, onClose }: Props) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const box = useOutside(onClose);
  const list = useRef<HTMLUListElement>(null);
  const found = matching(choices, text).slice(0, SHOWN);
  const current = Math.min(chosen, found.length - 1);
  useEffect(() => {
    list.current?.children[current]?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const pick = (choice: Choice | undefined): void => {
    if (!choice || choice.refusal) return;
    onClose();
    onPick(choice.id);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") onClose();
    else if (step) setChosen((current + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") pick(found[current]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={box} className="oc-pick" role="dialog" aria-label={label} data-testid="picker">
      <input
        autoFocus
        value={text}
        placeholder={placeholder}
        aria-label={placeholder}
        role="combobox"
        aria-expanded
        aria-controls="oc-pick-list"
        aria-activedescendant={found[current] ? `oc-pick-${current}` : undefined}
        className="h-11 w-full border-b border-line bg-transparent px-4 text-sm outline-none placeholder:text-mute"
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="oc-pick-list" ref={list} role="listbox" aria-label={label} className="max-h-80 overflow-y-auto p-1.5">
        {found.map((choice, index) => (
          <li
            key={choice.id}
            id={`oc-pick-${index}`}
            role="option"
            aria-selected={index === current}
            aria-disabled={choice.refusal !== undefined}
            className={`flex cursor-pointer items-center gap-2.5 rounded-md px-2 py-1.5 aria-disabled:cursor-not-allowed ${index === current ? "bg-hover" : ""}`}
            onPointerMove={() => setChosen(index)}
            onClick={() => pick(choice)}
          >
            {choice.icon}
            <span className="min-w-0 flex-1">
              <span className={`block truncate text-sm leading-5 ${choice.refusal ? "text-mute" : ""}`}>{choice.title}</span>
              {(choice.refusal ?? choice.detail) && <span className="block truncate text-2xs text-mute">{choice.refusal ?? choice.detail}</span>}
            </span>
            {choice.aside}
          </li>
        ))}
        {!found.length && <li className="px-2 py-3 text-sm text-mute">{none}</li>}
      </ul>
      {footer && <p className="border-t border-line px-4 py-1.5 text-2xs text-mute">{footer}</p>}
    </div>
  );
}

/** Closes at a press elsewhere; when it goes, the focus is where it was before. */
export function useOutside(onClose: () => void) {
  const box = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  const [before] = useState(() => document.activeElement);
  useEffect(() => {
    const onPointer = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) close.current();
    };
    document.addEventListener("pointerdown", onPointer, true);
    return () => {
      document.removeEventListener("pointerdown", onPointer, true);
      if (document.activeElement === document.body && before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [before]);
  return box;
}

/** Every word typed has to be there; what begins with the text comes first, what is refused last. */
function matching(choices: readonly Choice[], text: string): Choice[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ title, refusal }: Choice): number => (refusal ? 2 : words[0] && !title.toLowerCase().startsWith(words[0]) ? 1 : 0);
  return choices
    .filter(({ title, detail = "", words: more = "" }) => words.every((word) => `${title} ${detail} ${more}`.toLowerCase().includes(word)))
    .sort((one, other) => rank(one) - rank(other));
}
