/** Asks where a run goes and what it begins with: it is watched on this canvas, or in its room. */

import { useEffect, useState, type ReactNode } from "react";
import { Play } from "lucide-react";
import { Button, INPUT, Skeleton } from "../../components/kit.tsx";
import { SchemaForm } from "../../components/schema-form.tsx";
import type { Json, JsonObject } from "../document/document.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { Dialog } from "./dialog.tsx";

type Room = { readonly id: string; readonly name: string; readonly status: string };
type Asked = { readonly rooms: readonly Room[]; readonly schema: JsonObject | null };

export function RunDialog({ editor }: { readonly editor: Editor }) {
  const name = useStore(editor.store, (state) => state.history.now.name);
  const isPublished = useStore(editor.store, (state) => state.isPublished);
  const [where, setWhere] = useState<string | null>(null);
  const [newName, setNewName] = useState(name);
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);
  const asked = useAsked(editor, setFault);
  const roomId = where ?? asked?.rooms[0]?.id ?? "";
  const run = async (input: Json | undefined): Promise<void> => {
    setBusy(true);
    const room = roomId || (await newRoom(editor, newName.trim() || name, setFault));
    const refused = room ? await editor.runs.start(room, input) : "";
    setBusy(false);
    if (refused === null) editor.overlay.set(null);
    else if (refused) setFault(refused);
  };
  const open = async (): Promise<void> => {
    const room = roomId || (await newRoom(editor, newName.trim() || name, setFault));
    if (room) location.assign(`/rooms/${room}?run=new`);
  };
  const buttons: ReactNode = (
    <div className="flex justify-end gap-2 pt-1">
      <Button data-testid="create-room" disabled={isBusy} onClick={() => void open()}>{roomId ? "Open the room" : "Create and open"}</Button>
      <Button type="submit" look="solid" Icon={Play} disabled={isBusy} data-testid="run-here">Run here</Button>
    </div>
  );
  return (
    <Dialog editor={editor} title="Run">
      {!isPublished && <p className="mb-3 text-sm text-wait">The draft differs from the latest version. Rooms run versions: publish first to run what you see.</p>}
      {!asked && !fault && <Skeleton className="h-24 w-full" />}
      {asked && (
        <>
          <label className="block text-xs font-medium" htmlFor="oc-room">Room</label>
          <select id="oc-room" className={`${INPUT} mb-3 mt-1`} value={roomId} onChange={({ target }) => setWhere(target.value)}>
            {asked.rooms.map((room) => <option key={room.id} value={room.id}>{room.name} ({room.status.toLowerCase()})</option>)}
            <option value="">A new room …</option>
          </select>
          {!roomId && <input className={`${INPUT} mb-3`} aria-label="Name of the new room" maxLength={200} value={newName} onChange={({ target }) => setNewName(target.value)} />}
          {asked.schema ? (
            <SchemaForm schema={asked.schema} isDisabled={isBusy} fault={fault || null} onSend={(input) => void run(input)}>{buttons}</SchemaForm>
          ) : (
            <form onSubmit={(event) => (event.preventDefault(), void run(undefined))}>
              <p className="mb-2 text-sm text-mute">This workflow takes no input.</p>
              {buttons}
            </form>
          )}
        </>
      )}
      {fault && !asked?.schema && <p role="alert" className="mt-3 text-sm text-fail">{fault}</p>}
    </Dialog>
  );
}

/** The rooms of this workflow, and what the latest version takes. */
function useAsked(editor: Editor, onFault: (fault: string) => void): Asked | null {
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => {
    const { send, workflowId } = editor.parts;
    const { latestVersion } = editor.store.get();
    const rooms = send<{ items: Room[] }>("GET", `/api/rooms?workflow_id=${encodeURIComponent(workflowId)}&limit=50`);
    const version = send<{ document: JsonObject }>("GET", `${editor.path()}/versions/${latestVersion ?? 0}`);
    void Promise.all([rooms, version]).then(([found, published]) => {
      if (found.kind !== "ok") return onFault(found.detail);
      if (published.kind !== "ok") return onFault(published.detail);
      const schema = published.value.document["input_schema"] as JsonObject | null | undefined;
      return setAsked({ rooms: found.value.items, schema: schema && Object.keys(schema).length ? schema : null });
    });
  }, [editor]);
  return asked;
}

async function newRoom(editor: Editor, name: string, onFault: (fault: string) => void): Promise<string | null> {
  const reply = await editor.parts.send<{ id: string }>("POST", "/api/rooms", { name, workflow_id: editor.parts.workflowId });
  if (reply.kind === "ok") return reply.value.id;
  onFault(reply.detail);
  return null;
}
