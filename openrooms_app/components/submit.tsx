// One of several buttons that send the same form: it writes into a hidden field which one it was.
import type { MouseEvent, ReactNode } from "react";

type Props = { name?: string; value?: string; disabled?: boolean; className?: string; children?: ReactNode };

export function SubmitAs({ name = "", value = "", disabled, className, children }: Props) {
  const say = (event: MouseEvent<HTMLButtonElement>): void => {
    const field = event.currentTarget.form?.elements.namedItem(name);
    if (field instanceof HTMLInputElement) field.value = value;
  };
  return <button type="submit" data-sends disabled={disabled} className={className} onClick={say}>{children}</button>;
}
