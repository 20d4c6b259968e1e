/** What lies over the canvas for a moment: publishing, running, the sheet of keys. */

import { useEffect, useRef, useState, type ReactNode } from "react";
import { X } from "lucide-react";
import { Button, IconButton, INPUT } from "../../components/kit.tsx";
import { CLIPBOARD_KEYS, COMMANDS } from "../state/commands.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { QuickAdd } from "./quick-add.tsx";

export function Overlays({ editor }: { readonly editor: Editor }) {
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
    default:
      return null;
  }
}

/** A modal dialog of the browser's own: it holds the focus and closes with Escape. */
function Dialog({ editor, title, children }: { readonly editor: Editor; readonly title: string; readonly children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = (): void => editor.overlay.set(null);
  useEffect(() => {
    const shown = dialog.current;
    if (shown && !shown.open) shown.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="oc-dialog" aria-label={title} onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <div className="mb-3 flex items-center justify-between">
        <h2 className="text-base font-semibold">{title}</h2>
        <IconButton label="Close" Icon={X} onClick={close} />
      </div>
      {children}
    </dialog>
  );
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

function KeysDialog({ editor }: { readonly editor: Editor }) {
  return (
    <Dialog editor={editor} title="Keys">
      <dl className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-1.5 text-sm">
        {[...COMMANDS, ...CLIPBOARD_KEYS].map(({ title, keys }) => (
          <div key={title} className="contents">
            <dt>{title}</dt>
            <dd className="text-right">
              {keys.map((key) => (
                <kbd key={key} className="ml-1 rounded border border-line bg-hover px-1.5 font-mono text-2xs">{key.replace("Mod", "Ctrl")}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
