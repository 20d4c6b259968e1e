/** A field for code and for text with `{{ }}`: it grows with what is typed, marks the templates and completes names. */

import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import type { Control } from "./field-frame.tsx";
import { complete, suggest, type Mode, type Name, type Suggestion } from "./names.ts";
import { useNames } from "./names-context.ts";

type Props = {
  readonly control: Control;
  readonly value: string;
  readonly mode: Mode;
  readonly isLine?: boolean;
  readonly rows?: number;
  readonly placeholder?: string;
  readonly maxLength?: number;
  readonly onChange: (text: string) => void;
  readonly onBlur?: () => void;
};

export function TemplateText(props: Props) {
  const { control, value, mode, isLine = false, rows = 1, placeholder, maxLength, onBlur } = props;
  const box = useRef<HTMLDivElement>(null);
  const mirror = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const list = useId();
  const popup = useCompletion(props, area);
  const option = popup.found ? { "aria-activedescendant": `${list}-${popup.active}` } : {};
  return (
    <div className="oi-code" ref={box}>
      <div className="oi-code-scroll" style={{ minHeight: rows * 18 + 12 }}>
        <div className="oi-code-mirror" ref={mirror} aria-hidden>
          <Marked text={value} isTemplate={mode === "template"} />{"\n"}
        </div>
        <textarea
          {...control}
          {...option}
          ref={area}
          value={value}
          rows={rows}
          placeholder={placeholder}
          maxLength={maxLength}
          spellCheck={mode === "template" && !isLine}
          autoComplete="off"
          autoCapitalize="off"
          aria-autocomplete="list"
          {...(popup.found ? { "aria-controls": list } : {})}
          onChange={(event) => popup.typed(event.target)}
          onKeyDown={popup.pressed}
          onClick={popup.close}
          onBlur={() => {
            popup.close();
            onBlur?.();
          }}
        />
      </div>
      {popup.found && (
        <Completions id={list} found={popup.found} active={popup.active} top={caretBottom(mirror.current, box.current, popup.found.from)} onTake={popup.take} />
      )}
    </div>
  );
}

/** The text once more, behind what is typed: it gives the field its height and carries the marks. */
function Marked({ text, isTemplate }: { readonly text: string; readonly isTemplate: boolean }) {
  if (!isTemplate) return text;
  return text.split(/(\{\{[\s\S]*?\}\})/).map((part, index) => (index % 2 ? <mark key={index}>{part}</mark> : part));
}

type Popup = {
  readonly found: Suggestion | null;
  readonly active: number;
  readonly typed: (area: HTMLTextAreaElement) => void;
  readonly pressed: (event: KeyboardEvent<HTMLTextAreaElement>) => void;
  readonly take: (name: Name) => void;
  readonly close: () => void;
};

function useCompletion({ value, mode, isLine, onChange }: Props, area: RefObject<HTMLTextAreaElement | null>): Popup {
  const names = useNames();
  const [found, setFound] = useState<Suggestion | null>(null);
  const [active, setActive] = useState(0);
  const caret = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (caret.current === null) return;
    area.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [value]);
  const close = (): void => setFound(null);
  const open = (text: string, at: number): void => {
    setFound(suggest(text, at, mode, names()));
    setActive(0);
  };
  const take = ({ name }: Name): void => {
    const done = complete(value, area.current?.selectionStart ?? value.length, found?.from ?? 0, name, mode);
    caret.current = done.caret;
    close();
    onChange(done.text);
  };
  return {
    found,
    active,
    take,
    close,
    typed: ({ value: raw, selectionStart }) => {
      const text = isLine ? raw.replace(/\r?\n/g, " ") : raw;
      onChange(text);
      open(text, selectionStart);
    },
    pressed: (event) => {
      const count = found?.names.length ?? 0;
      const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === " " && event.ctrlKey) open(value, event.currentTarget.selectionStart);
      else if (found && move) setActive((active + move + count) % count);
      else if (found && event.key === "Enter") take(found.names[active]!);
      else if (found && event.key === "Escape") close();
      else if (!(isLine && event.key === "Enter")) return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}

type CompletionsProps = {
  readonly id: string;
  readonly found: Suggestion;
  readonly active: number;
  readonly top: number;
  readonly onTake: (name: Name) => void;
};

function Completions({ id, found, active, top, onTake }: CompletionsProps) {
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
function caretBottom(mirror: HTMLElement | null, box: HTMLElement | null, offset: number): number {
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
