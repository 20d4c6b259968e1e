/** What the editor has to say across its whole width: unsaved work of an earlier visit, a conflict, a short notice. */

import { useEffect, type ReactNode } from "react";
import { X } from "lucide-react";
import { Button, IconButton } from "../../components/kit.tsx";
import { wire } from "../document/document.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";

const NOTICE_MS = 6_000;

export function Banners({ editor, me }: { readonly editor: Editor; readonly me: string }) {
  const kept = useStore(editor.store, (state) => state.kept);
  const save = useStore(editor.store, (state) => state.save);
  return (
    <>
      {kept && (
        <Banner text={`This browser kept changes from ${new Date(kept.at).toLocaleString()} that were never saved.`}>
          <Button look="solid" onClick={() => void editor.takeKept()}>Take them</Button>
          <Button look="quiet" onClick={() => editor.dropKept()}>Drop them</Button>
        </Banner>
      )}
      {save.kind === "conflict" && <ConflictBanner editor={editor} who={save.newer.by === me ? "You saved a newer draft elsewhere." : `${save.newer.by ?? "Someone"} saved a newer draft.`} />}
      {save.kind === "refused" && <Banner text={`The draft was not saved: ${save.detail} It is kept in this browser.`} />}
      <Notice editor={editor} />
      <p className="sr-only" aria-live="polite"><Announcement editor={editor} /></p>
    </>
  );
}

function ConflictBanner({ editor, who }: { readonly editor: Editor; readonly who: string }) {
  const isDirty = useStore(editor.store, () => editor.isDirty);
  return (
    <Banner text={`${who} ${isDirty ? "What you have here is kept in this browser and overwrites nothing." : "You see the older one."}`}>
      {isDirty && <Button look="solid" onClick={() => void editor.mergeTheirs()}>Merge</Button>}
      <Button look={isDirty ? "outline" : "solid"} onClick={() => void editor.takeTheirs()}>Load newer</Button>
      {isDirty && <Button onClick={() => download(editor)}>Download mine</Button>}
      <Button look="danger" onClick={() => confirm("Overwrite the newer draft with yours?") && void editor.overwriteTheirs()}>Overwrite</Button>
    </Banner>
  );
}

function Banner({ text, children }: { readonly text: string; readonly children?: ReactNode }) {
  return (
    <div role="alert" className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line bg-wait/10 px-3 py-1.5 text-sm">
      <span className="mr-auto">{text}</span>
      {children}
    </div>
  );
}

function Notice({ editor }: { readonly editor: Editor }) {
  const notice = useStore(editor.store, (state) => state.notice);
  useEffect(() => {
    if (!notice) return undefined;
    const timer = setTimeout(() => editor.dismiss(), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [editor, notice]);
  if (!notice) return null;
  const tone = notice.tone === "error" ? "border-fail/60 text-fail" : "border-line text-ink";
  return (
    <div role="status" data-testid="notice" className={`fixed bottom-4 left-1/2 z-50 flex w-max max-w-[min(32rem,calc(100vw-32px))] -translate-x-1/2 items-center gap-2 rounded-lg border bg-raised px-3 py-2 text-sm shadow-lg ${tone}`}>
      {notice.text}
      <IconButton label="Dismiss" Icon={X} onClick={() => editor.dismiss()} />
    </div>
  );
}

function Announcement({ editor }: { readonly editor: Editor }) {
  return <>{useStore(editor.store, (state) => state.announcement)}</>;
}

function download(editor: Editor): void {
  const file = new Blob([JSON.stringify(wire(editor.document), null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${editor.document.name || "workflow"}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}
