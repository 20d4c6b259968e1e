/** What lies over the canvas for a moment: publishing, running, the sheet of keys. */

import { useState } from "react";
import { Button, INPUT } from "../../components/kit.tsx";
import { nodeOf, titleOf } from "../document/document.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { CommandPalette, ConnectPicker } from "./command-palette.tsx";
import { ContextMenu } from "./context-menu.tsx";
import { Dialog } from "./dialog.tsx";
import { KeysDialog } from "./keys-dialog.tsx";
import { MergeDialog } from "./merge-dialog.tsx";
import { QuickAdd } from "./quick-add.tsx";
import { RunDialog } from "./run-dialog.tsx";
import { VersionsDialog } from "./versions-dialog.tsx";

type Props = { readonly editor: Editor; readonly me: string; readonly canEdit: boolean };

export function Overlays({ editor, me, canEdit }: Props) {
  const overlay = useStore(editor.overlay, (value) => value);
  switch (overlay?.kind) {
    case "quick-add":
      return <QuickAdd editor={editor} overlay={overlay} />;
    case "menu":
      return <ContextMenu editor={editor} overlay={overlay} />;
    case "publish":
      return <PublishDialog editor={editor} />;
    case "run":
      return <RunDialog editor={editor} {...(overlay.tries ? { tries: overlay.tries } : {})} />;
    case "keys":
      return <KeysDialog editor={editor} />;
    case "palette":
      return <CommandPalette editor={editor} canEdit={canEdit} />;
    case "versions":
      return <VersionsDialog editor={editor} canEdit={canEdit} />;
    case "merge":
      return <MergeDialog editor={editor} me={me} />;
    case "connect":
      return <ConnectPicker editor={editor} source={overlay.source} />;
    default:
      return null;
  }
}

function PublishDialog({ editor }: { readonly editor: Editor }) {
  const latest = useStore(editor.store, (state) => state.latestVersion);
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const unread = editor.unread.ownersIn(editor.document).map((id) => titleIn(editor, id));
  const publish = async (): Promise<void> => {
    setBusy(true);
    const refused = await editor.publish(note.trim());
    if (refused === null) return editor.overlay.set(null);
    setFault(refused);
    setBusy(false);
  };
  return (
    <Dialog editor={editor} title={`Publish version ${(latest ?? 0) + 1}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void publish();
        }}
      >
        {unread.length > 0 && <p className="mb-3 text-sm text-wait" data-testid="publish-unread">What was typed in {unread.join(", ")} can't be read yet and is not part of the version.</p>}
        <p className="mb-3 text-sm text-mute">A version never changes. Rooms that follow the latest version run it from their next run on.</p>
        <label className="block text-xs font-medium" htmlFor="oc-publish-note">What has changed? (optional)</label>
        <input id="oc-publish-note" data-first className={`${INPUT} mt-1`} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
        {fault && <p role="alert" className="mt-3 text-sm text-fail">{fault}</p>}
        <div className="mt-4 flex justify-end gap-2">
          <Button look="quiet" onClick={() => editor.overlay.set(null)}>Cancel</Button>
          <Button type="submit" look="solid" isBusy={isBusy} data-testid="publish-confirm">{isBusy ? "Publishing …" : "Publish"}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function titleIn({ document }: Editor, id: string): string {
  const node = nodeOf(document, id);
  return node ? `“${titleOf(node)}”` : id || "the workflow's settings";
}
