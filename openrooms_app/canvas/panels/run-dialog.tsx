/** Asks where a run goes and what it begins with: it is watched on this canvas, or in its room. */

import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Play, Rocket } from "lucide-react";
import { Button, INPUT, Skeleton } from "../../components/kit.tsx";
import { SchemaForm } from "../../components/schema-form.tsx";
import { nodeOf, readDocument, titleOf, type Json, type JsonObject, type WorkflowDocument } from "../document/document.ts";
import { beginningWith, type Trial, type Try } from "../document/trial.ts";
import { countOf } from "../document/problems.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { Dialog } from "./dialog.tsx";
import { Executed, UsePins, VarsField, varsFor, varsIn } from "./run-parts.tsx";

type Room = { readonly id: string; readonly name: string; readonly status: string; readonly version: number | "latest" };
type Version = { readonly number: number; readonly document: WorkflowDocument; readonly vars: string };

export function RunDialog({ editor, tries }: { readonly editor: Editor; readonly tries?: Try }) {
  const isPublished = useStore(editor.store, (state) => state.isPublished);
  const latest = useStore(editor.store, (state) => state.latestVersion) ?? 0;
  const [fault, setFault] = useState("");
  const [where, setWhere] = useState<string | null>(null);
  const rooms = useRooms(editor, setFault);
  const usual = rooms?.find(({ id }) => tries && id === editor.runs.latest.get()?.roomId) ?? rooms?.[0];
  const room = where === null ? usual : rooms?.find(({ id }) => id === where);
  const number = !room || room.version === "latest" ? latest : room.version;
  const version = useVersion(editor, { number: rooms && number ? number : null, tries, onFault: setFault });
  return (
    <Dialog editor={editor} title={titleFor(tries, version?.document ?? editor.document)}>
      {!isPublished && <PublishFirst editor={editor} latest={latest} onFault={setFault} />}
      {latest > 0 && (!rooms || !version) && !fault && <Skeleton className="h-24 w-full" />}
      {rooms && latest > 0 && (
        <>
          <label className="block text-xs font-medium" htmlFor="oc-room">Room</label>
          <select id="oc-room" className={`${INPUT} mb-3 mt-1`} value={room?.id ?? ""} onChange={({ target }) => setWhere(target.value)}>
            {rooms.map((each) => <option key={each.id} value={each.id}>{each.name} ({each.status.toLowerCase()})</option>)}
            <option value="">A new room …</option>
          </select>
        </>
      )}
      {rooms && version && <div ref={focusFirst}><Form key={version.number} editor={editor} tries={tries} roomId={room?.id ?? ""} version={version} fault={fault} onFault={setFault} /></div>}
      {fault && !version && <p role="alert" className="mt-3 text-sm text-fail">{fault}</p>}
    </Dialog>
  );
}

/** Rooms run versions: what is drawn becomes one here, and the way from a change to its run is one dialog long. */
function PublishFirst({ editor, latest, onFault }: { readonly editor: Editor; readonly latest: number; readonly onFault: OnFault }) {
  const [isBusy, setBusy] = useState(false);
  const { errors } = countOf(useStore(editor.store, (state) => state.problems));
  const publish = async (): Promise<void> => {
    setBusy(true);
    onFault((await editor.publish("")) ?? "");
    setBusy(false);
  };
  const words = latest ? `This runs version ${latest}; the draft has changed since.` : "Rooms run versions, and there is none yet.";
  return (
    <div className="mb-3 flex items-center gap-3 rounded-md border border-line bg-wait/10 px-3 py-2 text-sm">
      <span className="min-w-0 flex-1">{words}{errors > 0 && ` It has ${errors === 1 ? "an error" : `${errors} errors`}, which keep it from being published.`}</span>
      {errors === 0 && <Button look={latest ? "outline" : "solid"} Icon={Rocket} isBusy={isBusy} data-testid="publish-first" {...(!latest && { "data-first": true })} onClick={() => void publish()}>Publish version {latest + 1}</Button>}
    </div>
  );
}

/** What the workflow asks for is there: the first field waits for the keys; of a trial, the button that runs it. */
function focusFirst(form: HTMLElement | null): void {
  const first = form?.querySelector<HTMLElement>("[data-first]") ?? form?.querySelector<HTMLElement>("input, textarea, select, [type=submit]");
  first?.focus();
}

function titleFor(tries: Try | undefined, document: WorkflowDocument): string {
  if (!tries) return "Run";
  const node = nodeOf(document, tries.node);
  const name = node ? titleOf(node) : tries.node;
  return tries.kind === "until" ? `Run until ${name}` : `Run ${name} alone`;
}

type FormProps = {
  readonly editor: Editor;
  readonly tries: Try | undefined;
  readonly roomId: string;
  readonly version: Version;
  readonly fault: string;
  readonly onFault: (fault: string) => void;
};

function Form({ editor, tries, roomId, version, fault, onFault }: FormProps) {
  const name = useStore(editor.store, (state) => state.history.now.name);
  const [newName, setNewName] = useState(name);
  const [isBusy, setBusy] = useState(false);
  const [vars, setVars] = useState(version.vars);
  const [usesPins, setUsesPins] = useState(true);
  const node = tries ? nodeOf(version.document, tries.node) : undefined;
  const pins = tries?.kind === "only" ? {} : editor.pins.within(version.document);
  const [schema] = useState(() => beginningWith(schemaOf(version.document), tries && editor.runs.latest.get()?.input));
  if (tries && !node) return <p role="alert" className="text-sm text-fail">Version {version.number} has no node {tries.node}. Publish the draft first.</p>;
  const made = useRef<string | null>(null); // what was refused is tried again in the room that was made for it
  const inRoom = async (): Promise<string | null> => roomId || (made.current ??= await newRoom(editor, newName.trim() || name, onFault));
  const run = async (input: Json | undefined): Promise<void> => {
    if (isBusy) return;
    const found = varsIn(vars);
    if (typeof found === "string") return onFault(found);
    const trial: Trial = {
      ...(tries?.kind === "only" ? { only: tries.node, vars: found } : tries ? { until: tries.node } : {}),
      ...(usesPins && Object.keys(pins).length ? { pins } : {}),
    };
    setBusy(true);
    const room = await inRoom();
    const refused = room ? await editor.runs.start(room, input, trial) : "";
    setBusy(false);
    if (refused === null) editor.overlay.set(null);
    else if (refused) onFault(refused);
  };
  const open = async (): Promise<void> => {
    setBusy(true);
    const room = await inRoom();
    if (room) location.assign(`/rooms/${room}?run=new`);
    else setBusy(false);
  };
  const rest: ReactNode = (
    <>
      {tries?.kind === "only" && <VarsField text={vars} onChange={setVars} />}
      <UsePins pins={Object.keys(pins)} document={version.document} isOn={usesPins} onChange={setUsesPins} />
      {tries?.kind === "only" && node && <Executed node={node} version={version.number} catalogue={editor.store.get().catalogue} />}
      <div className="flex justify-end gap-2 pt-1">
        {!tries && <Button data-testid="create-room" isBusy={isBusy} onClick={() => void open()}>{roomId ? "Open the room" : "Create and open"}</Button>}
        <Button type="submit" look="solid" Icon={Play} {...(tries && { "data-first": true })} isBusy={isBusy} data-testid="run-here">Run here</Button>
      </div>
    </>
  );
  return (
    <>
      {!roomId && <input className={`${INPUT} mb-3`} aria-label="Name of the new room" maxLength={200} value={newName} onChange={({ target }) => setNewName(target.value)} onKeyDown={sendOnEnter} />}
      {schema ? (
        <SchemaForm schema={schema} isDisabled={isBusy} fault={fault || null} onSend={(input) => void run(input)}>{rest}</SchemaForm>
      ) : (
        <form className="flex flex-col gap-3" onSubmit={(event) => (event.preventDefault(), void run(undefined))}>
          <p className="text-sm text-mute">This workflow takes no input.</p>
          {fault && <p role="alert" className="text-sm text-fail">{fault}</p>}
          {rest}
        </form>
      )}
    </>
  );
}

/** The name stands above the form that it belongs to. */
function sendOnEnter(event: KeyboardEvent<HTMLInputElement>): void {
  if (event.key === "Enter") event.currentTarget.parentElement?.querySelector("form")?.requestSubmit();
}

function schemaOf({ input_schema: schema }: WorkflowDocument): JsonObject | null {
  return schema && Object.keys(schema).length ? schema : null;
}

type OnFault = (fault: string) => void;

/** The rooms of this workflow. */
function useRooms(editor: Editor, onFault: OnFault): readonly Room[] | null {
  const [rooms, setRooms] = useState<readonly Room[] | null>(null);
  useEffect(() => {
    const { send, workflowId } = editor.parts;
    void send<{ items: Room[] }>("GET", `/api/rooms?workflow_id=${encodeURIComponent(workflowId)}&limit=50`).then((found) => {
      if (found.kind === "ok") setRooms(found.value.items);
      else onFault(found.detail);
    });
  }, [editor]);
  return rooms;
}

type Wanted = { readonly number: number | null; readonly tries: Try | undefined; readonly onFault: OnFault };

/** The version that would run, and for a node alone the variables that it had last. */
function useVersion(editor: Editor, { number, tries, onFault }: Wanted): Version | null {
  const [version, setVersion] = useState<Version | null>(null);
  useEffect(() => {
    if (number === null) return;
    const asked = editor.parts.send<{ document: JsonObject }>("GET", `${editor.path()}/versions/${number}`);
    void Promise.all([asked, tries?.kind === "only" ? varsFor(editor, tries.node) : "{}"]).then(([found, vars]) => {
      if (found.kind === "ok") setVersion({ number, document: readDocument(found.value.document), vars });
      else onFault(found.detail);
    });
  }, [editor, number]);
  return version?.number === number ? version : null;
}

async function newRoom(editor: Editor, name: string, onFault: OnFault): Promise<string | null> {
  const reply = await editor.parts.send<{ id: string }>("POST", "/api/rooms", { name, workflow_id: editor.parts.workflowId });
  if (reply.kind === "ok") return reply.value.id;
  onFault(reply.detail);
  return null;
}
