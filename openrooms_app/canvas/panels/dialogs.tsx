/** What lies over the canvas for a moment: publishing, running, the sheet of keys. */

import { useEffect, useState } from "react";
import { Button, INPUT } from "../../components/kit.tsx";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { CommandPalette, ConnectPicker } from "./command-palette.tsx";
import { Dialog } from "./dialog.tsx";
import { KeysDialog } from "./keys-dialog.tsx";
import { MergeDialog } from "./merge-dialog.tsx";
import { QuickAdd } from "./quick-add.tsx";
import { VersionsDialog } from "./versions-dialog.tsx";

export function Overlays({ editor, canEdit }: { readonly editor: Editor; readonly canEdit: boolean }) {
  const overlay = useStore(editor.overlay, (value) => value);
  switch (overlay?.kind) {
    case "quick-add":
      return <QuickAdd editor={editor} overlay={overlay} />;
    case "publish":
      return <PublishDialog editor={editor} />;
    case "run":
      return <RunDialog editor={editor} />;
    case "keys":
      return <KeysDialog editor={editor} />;
    case "palette":
      return <CommandPalette editor={editor} canEdit={canEdit} />;
    case "versions":
      return <VersionsDialog editor={editor} canEdit={canEdit} />;
    case "merge":
      return <MergeDialog editor={editor} />;
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
  const publish = async (): Promise<void> => {
    setBusy(true);
    await editor.publish(note.trim());
    editor.overlay.set(null);
  };
  return (
    <Dialog editor={editor} title={`Publish version ${(latest ?? 0) + 1}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void publish();
        }}
      >
        <p className="mb-3 text-sm text-mute">A version never changes. Rooms that follow the latest version run it from their next run on.</p>
        <label className="block text-xs font-medium" htmlFor="oc-publish-note">What has changed? (optional)</label>
        <input id="oc-publish-note" autoFocus className={`${INPUT} mt-1`} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />
        <div className="mt-4 flex justify-end gap-2">
          <Button look="quiet" onClick={() => editor.overlay.set(null)}>Cancel</Button>
          <Button type="submit" look="solid" disabled={isBusy} data-testid="publish-confirm">Publish</Button>
        </div>
      </form>
    </Dialog>
  );
}

type RoomLine = { readonly id: string; readonly name: string; readonly status: string };

function RunDialog({ editor }: { readonly editor: Editor }) {
  const name = useStore(editor.store, (state) => state.history.now.name);
  const isPublished = useStore(editor.store, (state) => state.isPublished);
  const [rooms, setRooms] = useState<readonly RoomLine[] | null>(null);
  const [fault, setFault] = useState("");
  const [newName, setNewName] = useState(name);
  const { send, workflowId } = editor.parts;
  useEffect(() => {
    void send<{ items: RoomLine[] }>("GET", `/api/rooms?workflow_id=${encodeURIComponent(workflowId)}&limit=20`).then((reply) => {
      if (reply.kind === "ok") setRooms(reply.value.items);
      else setFault(reply.detail);
    });
  }, [send, workflowId]);
  const create = async (): Promise<void> => {
    const reply = await send<{ id: string }>("POST", "/api/rooms", { name: newName.trim() || name, workflow_id: workflowId });
    if (reply.kind === "ok") location.assign(`/rooms/${reply.value.id}?run=new`);
    else setFault(reply.detail);
  };
  return (
    <Dialog editor={editor} title="Run in a room">
      {!isPublished && <p className="mb-3 text-sm text-wait">The draft differs from the latest version. Rooms run versions: publish first to run what you see.</p>}
      {rooms && rooms.length > 0 && (
        <ul className="mb-3 divide-y divide-line rounded-md border border-line" aria-label="Rooms of this workflow">
          {rooms.map((room) => (
            <li key={room.id}>
              <a className="flex items-center justify-between px-3 py-2 text-sm hover:bg-hover" href={`/rooms/${room.id}?run=new`}>
                <span className="truncate">{room.name}</span>
                <span className="text-xs text-mute">{room.status}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <label className="block text-xs font-medium" htmlFor="oc-room-name">A new room</label>
        <div className="mt-1 flex gap-2">
          <input id="oc-room-name" className={INPUT} maxLength={200} value={newName} onChange={(event) => setNewName(event.target.value)} />
          <Button type="submit" look="solid" data-testid="create-room">Create and open</Button>
        </div>
      </form>
      {fault && <p role="alert" className="mt-3 text-sm text-fail">{fault}</p>}
    </Dialog>
  );
}
