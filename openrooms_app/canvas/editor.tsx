/** The whole editor of one workflow: one island that owns the drawing; Reflex gives the page around it. */

import { useEffect, useMemo, useState } from "react";
import { ReactFlowProvider } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import "./canvas.css";
import { Fault } from "../components/fault.tsx";
import { Skeleton } from "../components/kit.tsx";
import { Side } from "../components/side.tsx";
import { SkipLinks } from "../components/skip-links.tsx";
import type { Bounds } from "../components/splitter.tsx";
import { Canvas } from "./flow/canvas.tsx";
import { nodeOf } from "./document/document.ts";
import { NOTHING } from "./document/operations.ts";
import { Inspector } from "./inspector/inspector.tsx";
import { Banners } from "./panels/banners.tsx";
import { Overlays } from "./panels/dialogs.tsx";
import { FindPanel } from "./panels/find-panel.tsx";
import { FirstHint } from "./panels/first-hint.tsx";
import { Palette } from "./panels/palette.tsx";
import { Problems } from "./panels/problems.tsx";
import { RunStrip } from "./panels/run-strip.tsx";
import { TopBar } from "./panels/top-bar.tsx";
import { loginAddress, sender } from "./state/api.ts";
import { backupIn } from "./state/backup.ts";
import type { Command } from "./state/commands.ts";
import { Editor } from "./state/editor.ts";
import type { Newer } from "./state/saving.ts";
import { copied, deleteSelected, onlyNode, pasted } from "./state/selected.ts";
import { useStore } from "./state/use-store.ts";

const SKIPS = [{ to: "drawing", text: "Skip to drawing" }, { to: "settings", text: "Skip to settings", className: "max-lg:hidden" }];

/** Below 1,024 pixels the inspector lies over the drawing and has its own width. */
function inspectorBounds(pageWidth: number): Bounds {
  return { least: 280, most: Math.max(340, Math.min(720, pageWidth - 600)), usual: 340 };
}

type Props = { readonly me?: string; readonly canEdit?: boolean; readonly isKnown?: boolean };

export function WorkflowEditor({ me = "", canEdit = false, isKnown = true }: Props) {
  const editor = useEditor();
  const phase = useStore(editor.store, (state) => state.phase);
  const overlay = useStore(editor.overlay, (value) => value?.kind);
  const [isSheetOpen, setSheetOpen] = useSheet(editor);
  useKeys(editor, canEdit);
  useClipboard(editor, canEdit);
  if (phase === "failed") return <Failed editor={editor} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col" data-testid="editor" data-phase={isKnown ? phase : "loading"}>
      <SkipLinks links={SKIPS} />
      <TopBar editor={editor} canEdit={canEdit} isKnown={isKnown} isSheetOpen={isSheetOpen} onSheet={setSheetOpen} />
      <Banners editor={editor} me={me} />
      <div className="relative flex min-h-0 flex-1">
        {(canEdit || !isKnown) && <div className={isKnown ? "contents" : "invisible contents"}><Palette editor={editor} /></div>}
        <div className="relative flex min-h-0 min-w-0 flex-1 flex-col">
          {phase === "ready" ? (
            <ReactFlowProvider>
              <Canvas editor={editor} canEdit={canEdit} />
            </ReactFlowProvider>
          ) : (
            <Skeleton className="m-4 flex-1" />
          )}
          <Problems editor={editor} />
          <RunStrip editor={editor} />
          {canEdit && <FirstHint editor={editor} />}
          {phase === "ready" && overlay === "find" && <FindPanel editor={editor} canEdit={canEdit} />}
        </div>
        {phase === "ready" && (
          <Side name="inspector" label="Width of the inspector" controls="inspector" bounds={inspectorBounds} className="max-lg:hidden">
            <Inspector editor={editor} canEdit={canEdit} isOpen={isSheetOpen} onClose={() => setSheetOpen(false)} />
          </Side>
        )}
      </div>
      {phase === "ready" && <Overlays editor={editor} me={me} canEdit={canEdit} />}
    </div>
  );
}

function Failed({ editor }: { readonly editor: Editor }) {
  const failure = useStore(editor.store, (state) => state.failure);
  return failure && <Fault what="workflow" {...failure} to="/workflows" />;
}

/** The editor of the workflow that the address names; it stops with the page, and warns before work is lost. */
function useEditor(): Editor {
  const editor = useMemo(() => {
    const workflowId = decodeURIComponent(location.pathname.split("/").filter(Boolean)[1] ?? "");
    const tell = (): void => made.tell("error", "This browser can't keep a copy of your work: its storage is full or forbidden.");
    const made: Editor = new Editor({
      workflowId,
      send: sender(""),
      storage: localStorage,
      backup: backupIn(localStorage, workflowId, tell),
      onSignedOut: () => location.assign(loginAddress(location)),
    });
    return made;
  }, []);
  useEffect(() => {
    void editor.load().then(() => arrived(editor));
    const tabs = new BroadcastChannel(`openrooms.draft.${editor.parts.workflowId}`);
    tabs.onmessage = ({ data }) => editor.heard(data as Newer);
    editor.parts.onSaved = (newer) => tabs.postMessage(newer);
    const wake = (): void => editor.wake();
    const warn = (event: BeforeUnloadEvent): void => {
      const isUnread = editor.unread.ownersIn(editor.document).length > 0;
      if ((editor.isDirty && editor.store.get().save.kind !== "signed-out") || isUnread) event.preventDefault();
    };
    const flush = (): void => {
      if (document.visibilityState === "hidden") return void editor.flush();
      void editor.lookForNewer();
      void editor.runs.look();
    };
    window.addEventListener("online", wake);
    window.addEventListener("beforeunload", warn);
    document.addEventListener("visibilitychange", flush);
    return () => {
      tabs.close();
      window.removeEventListener("online", wake);
      window.removeEventListener("beforeunload", warn);
      document.removeEventListener("visibilitychange", flush);
      void editor.flush();
      editor.stop();
    };
  }, [editor]);
  return editor;
}

/** The drawing stands: the node that the address names is shown, and how the latest run went is looked up. */
function arrived(editor: Editor): void {
  const node = new URLSearchParams(location.search).get("node");
  if (node && nodeOf(editor.document, node)) {
    editor.select({ ...NOTHING, nodes: [node] });
    requestAnimationFrame(() => requestAnimationFrame(() => editor.view?.show([node])));
  }
  void editor.runs.look();
}

/**
 * On a narrow screen the inspector is a sheet over the canvas: open while something is selected, or when asked for. What
 * is being dragged is selected too, and must not vanish under it.
 */
function useSheet(editor: Editor): [boolean, (isOpen: boolean) => void] {
  const [isOpen, setOpen] = useState(false);
  const selected = useStore(editor.store, ({ selection }) => [...selection.nodes, ...selection.transitions, ...selection.notes].join());
  useEffect(() => {
    if (selected === "" || !editor.isHeld) setOpen(selected !== "");
  }, [editor, selected]);
  return [isOpen, setOpen];
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable=true]") !== null;
}

/** Keys work wherever the focus is, but for fields and dialogs, which keep their own. */
function useKeys(editor: Editor, canEdit: boolean): void {
  useEffect(() => {
    const obey = (event: KeyboardEvent, isEarly: boolean): void => {
      const target = event.target instanceof Element ? event.target : null;
      if (event.defaultPrevented || target?.closest("dialog, [role=dialog]") || document.querySelector("dialog:modal")) return;
      const command = editor.keymap.find(event, isTyping(target));
      if (!command || (!canEdit && !command.isReading) || isEarly !== isBeforeCards(command, event)) return;
      if (command.isOfCanvas && !isOfCanvas(target)) return;
      event.preventDefault();
      if (isEarly) event.stopPropagation();
      command.run(editor);
    };
    const early = (event: KeyboardEvent): void => obey(event, true);
    const late = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !event.defaultPrevented && leaveSettings(editor, event.target)) return event.preventDefault();
      return obey(event, false);
    };
    window.addEventListener("keydown", early, true);
    window.addEventListener("keydown", late);
    return () => {
      window.removeEventListener("keydown", early, true);
      window.removeEventListener("keydown", late);
    };
  }, [editor, canEdit]);
}

/** React Flow moves cards by the arrow keys: here they belong to the commands, so these are asked first. */
function isBeforeCards(command: Command, event: KeyboardEvent): boolean {
  return command.isOfCanvas === true && event.key.startsWith("Arrow");
}

/** The buttons that lie over the drawing are pressed by Enter as others are. */
function isOfCanvas(target: Element | null): boolean {
  return !target || target === document.body || (target.closest("[data-testid=canvas]") !== null && target.closest("button") === null);
}

/** Escape in a field of the settings leads back to the card. */
function leaveSettings(editor: Editor, target: EventTarget | null): boolean {
  const node = onlyNode(editor);
  if (!node || !isTyping(target) || !(target as Element).closest(".oi-inspector")) return false;
  editor.view?.reveal({ kind: "node", id: node });
  return true;
}

function useClipboard(editor: Editor, canEdit: boolean): void {
  useEffect(() => {
    const onCopy = (event: ClipboardEvent): void => {
      if (isTyping(event.target) || getSelection()?.toString()) return;
      const text = copied(editor);
      if (!text) return;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
      if (event.type === "cut" && canEdit) deleteSelected(editor);
    };
    const onPaste = (event: ClipboardEvent): void => {
      if (!canEdit || isTyping(event.target)) return;
      pasted(editor, event.clipboardData?.getData("text/plain") ?? "");
      event.preventDefault();
    };
    document.addEventListener("copy", onCopy);
    document.addEventListener("cut", onCopy);
    document.addEventListener("paste", onPaste);
    return () => {
      document.removeEventListener("copy", onCopy);
      document.removeEventListener("cut", onCopy);
      document.removeEventListener("paste", onPaste);
    };
  }, [editor, canEdit]);
}
