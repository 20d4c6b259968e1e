/** A field for code and for text with `{{ }}`: it grows with what is typed, marks the templates and completes names. */

import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { caretBottom, Completions } from "./completions.tsx";
import type { Control } from "./field-frame.tsx";
import { LiveLine, useLive } from "./live.tsx";
import { complete, suggest, type Mode, type Name, type Suggestion } from "./names.ts";
import { useNames } from "./names-context.ts";
import { Undeclared } from "./undeclared.tsx";

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
  const [isActive, setActive] = useState(false);
  const live = useLive(value, mode, isActive);
  const option = popup.found ? { "aria-activedescendant": `${list}-${popup.active}` } : {};
  return (
    <div className="oi-code" ref={box}>
      <div className="oi-code-scroll" style={{ minHeight: rows * 18 + 12 }}>
        <div className="oi-code-mirror" ref={mirror} aria-hidden>
          <Marked text={value} isTemplate={mode === "template"} wrongAt={live?.kind === "wrong" ? live.at : null} />{"\n"}
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
          onFocus={() => setActive(true)}
          onBlur={() => {
            popup.close();
            onBlur?.();
          }}
        />
      </div>
      <LiveLine live={popup.found ? null : live} isTold={control["aria-invalid"]} />
      {!popup.found && <Undeclared text={value} mode={mode} />}
      {popup.found && (
        <Completions id={list} found={popup.found} active={popup.active} top={caretBottom(mirror.current, box.current, popup.found.from)} onTake={popup.take} />
      )}
    </div>
  );
}

type MarkedProps = { readonly text: string; readonly isTemplate: boolean; readonly wrongAt: number | null };

/** The text once more, behind what is typed: it gives the field its height and carries the marks. */
function Marked({ text, isTemplate, wrongAt }: MarkedProps) {
  if (wrongAt !== null) return <Wrong text={text} at={wrongAt} />;
  if (!isTemplate) return text;
  return text.split(/(\{\{[\s\S]*?\}\})/).map((part, index) => (index % 2 ? <mark key={index}>{part}</mark> : part));
}

/** The word at which an expression is wrong, underlined; at its end the last letter. */
function Wrong({ text, at }: { readonly text: string; readonly at: number }) {
  const from = at >= text.trimEnd().length ? Math.max(0, text.trimEnd().length - 1) : at;
  const length = /^\w+/.exec(text.slice(from))?.[0].length ?? 1;
  return <>{text.slice(0, from)}<u className="oi-wrong">{text.slice(from, from + length)}</u>{text.slice(from + length)}</>;
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
