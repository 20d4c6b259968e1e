/**
 * A modal dialog of the browser's own: it holds the focus and closes with Escape or a press beside it.
 * A field with `data-first` has the focus as soon as it is there, so that what is typed right away arrives.
 */

import { useLayoutEffect, useRef, type ReactNode } from "react";
import { X } from "lucide-react";
import { IconButton } from "../../components/kit.tsx";
import type { Editor } from "../state/editor.ts";

type Props = { readonly editor: Editor; readonly title: string; readonly isWide?: boolean; readonly className?: string; readonly children: ReactNode };

export function Dialog({ editor, title, isWide = false, className = "", children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = (): void => editor.overlay.set(null);
  useLayoutEffect(() => {
    const shown = dialog.current;
    if (!shown || shown.open) return;
    shown.showModal();
    shown.querySelector<HTMLElement>("[data-first]")?.focus();
  }, []);
  return (
    <dialog ref={dialog} className={`oc-dialog${isWide ? " is-wide" : ""} ${className}`} aria-label={title} onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <div className="mb-3 flex items-center justify-between">
        <h2 className="text-base font-semibold">{title}</h2>
        <IconButton label="Close" Icon={X} onClick={close} />
      </div>
      {children}
    </dialog>
  );
}
