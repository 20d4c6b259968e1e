/** The data lens: while Shift is held, each card shows what it reads and writes, and who does so with the one at the pointer. */

import { useEffect, type RefObject } from "react";
import { lensOf } from "../document/dataflow.ts";
import type { Editor } from "../state/editor.ts";
import { onlyNode } from "../state/selected.ts";

/** Shift is pressed for many things: only who holds it still means the lens. */
const HOLD_MS = 280;

export function useLens(editor: Editor, surface: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let hovered: string | null = null;
    const isOn = (): boolean => editor.lens.get() !== null;
    const show = (): void => editor.lens.set(lensOf(editor.document, hovered ?? onlyNode(editor)));
    const hide = (): void => {
      clearTimeout(timer);
      timer = undefined;
      editor.lens.set(null);
    };
    const onDown = (event: KeyboardEvent): void => {
      const isAlone = event.key === "Shift" && !event.ctrlKey && !event.metaKey && !event.altKey;
      const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, dialog, [role=dialog]") !== null;
      if (!isAlone || isTyping) return hide();
      timer ??= setTimeout(show, HOLD_MS);
      return undefined;
    };
    const onUp = (event: KeyboardEvent): void => {
      if (event.key === "Shift") hide();
    };
    const onOver = (event: PointerEvent): void => {
      const id = (event.target as Element).closest?.(".react-flow__node-card")?.getAttribute("data-id") ?? null;
      if (id === hovered) return;
      hovered = id;
      if (isOn()) show();
    };
    const canvas = surface.current;
    window.addEventListener("keydown", onDown);
    window.addEventListener("keyup", onUp);
    window.addEventListener("blur", hide);
    window.addEventListener("pointerdown", hide);
    canvas?.addEventListener("pointerover", onOver);
    return () => {
      hide();
      window.removeEventListener("keydown", onDown);
      window.removeEventListener("keyup", onUp);
      window.removeEventListener("blur", hide);
      window.removeEventListener("pointerdown", hide);
      canvas?.removeEventListener("pointerover", onOver);
    };
  }, [editor, surface]);
}
