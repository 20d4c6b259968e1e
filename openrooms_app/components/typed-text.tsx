// A text field whose value the server holds: what is typed shows at once and is sent after a pause. While somebody types in
// it, no answer takes a letter back, however late it comes; when the field is left, what the server holds is shown again.
import { createElement, useEffect, useRef, useState, type ChangeEvent, type ElementType, type FocusEvent, type KeyboardEvent, type Ref } from "react";

type Props = {
  readonly element?: ElementType;
  readonly value?: string;
  readonly debounceTimeout?: number;
  readonly inputRef?: Ref<HTMLElement>;
  readonly onChange?: (event: { readonly target: { readonly value: string } }) => void;
  readonly onBlur?: (event: FocusEvent) => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
};

export function TypedText({ element = "input", value = "", debounceTimeout = 250, inputRef, onChange, onBlur, onKeyDown, ...rest }: Props) {
  const [text, setText] = useState(value);
  const isTyping = useRef(false);
  const unsent = useRef<{ readonly text: string; readonly timer: number } | null>(null);
  useEffect(() => {
    if (!isTyping.current) setText(value);
  }, [value]);
  const send = (): void => {
    const waiting = unsent.current;
    if (!waiting) return;
    window.clearTimeout(waiting.timer);
    unsent.current = null;
    onChange?.({ target: { value: waiting.text } });
  };
  const latest = useRef(send);
  latest.current = send;
  useEffect(() => () => latest.current(), []);
  const type = (next: string): void => {
    setText(next);
    isTyping.current = true;
    window.clearTimeout(unsent.current?.timer);
    unsent.current = { text: next, timer: window.setTimeout(() => latest.current(), debounceTimeout) };
  };
  return createElement(element, {
    ...rest,
    ref: inputRef,
    value: text,
    onChange: (event: ChangeEvent<HTMLInputElement>) => type(event.target.value),
    onBlur: (event: FocusEvent) => {
      send();
      isTyping.current = false;
      onBlur?.(event);
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "Enter") send();
      onKeyDown?.(event);
    },
  });
}
