// Makes a webhook or changes one by HTTP: its address and key are shown here once and never become state.
import { useState, type FormEvent } from "react";
import { AREA, Button, INPUT } from "../../components/kit.tsx";
import type { Json, JsonObject } from "../../canvas/document/document.ts";
import { asked, jsonIn, type Choice, type OpenedHook } from "./asking.ts";
import { HookOpened } from "./opened.tsx";
import { Fault, Field, Select } from "./parts.tsx";

type Hook = { readonly id?: string; readonly name?: string; readonly signal?: string; readonly mapping?: Json; readonly headers?: readonly string[] };
type Props = {
  readonly rooms?: readonly Choice[];
  readonly signings?: readonly Choice[];
  /** The one that is changed; without an id a new one is made. */
  readonly hook?: Hook;
  readonly onMade?: () => void;
  readonly onDone?: () => void;
};

const DOES: readonly Choice[] = [
  { value: "run", text: "Starts a run of the room" },
  { value: "signal", text: "Sends a signal to the room's run" },
];
const EXAMPLE = '{"order": "{{ body.id }}"}';
const HINTS: Readonly<Record<string, string>> = {
  none: "Whoever knows the address may call it. Keep it as you keep a password.",
  openrooms: "X-OpenRooms-Signature over time, delivery and body, at most 5 minutes old. The safest.",
  github: "X-Hub-Signature-256, as GitHub and many others send it.",
};

export function HookForm({ rooms = [], signings = [], hook = {}, onMade, onDone }: Props) {
  const [roomId, setRoomId] = useState(rooms[0]?.value ?? "");
  const [name, setName] = useState(hook.name ?? "");
  const [does, setDoes] = useState(hook.signal ? "signal" : "run");
  const [signal, setSignal] = useState(hook.signal ?? "");
  const [signing, setSigning] = useState("none");
  const [mapping, setMapping] = useState(hook.mapping == null ? "" : JSON.stringify(hook.mapping, null, 2));
  const [headers, setHeaders] = useState((hook.headers ?? []).join(", "));
  const [fault, setFault] = useState("");
  const [isSending, setSending] = useState(false);
  const [opened, setOpened] = useState<OpenedHook | null>(null);
  const made = jsonIn(mapping);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (typeof made === "string") return;
    const told = headers.split(/[\s,]+/).filter(Boolean);
    const body: JsonObject = { name, signal: does === "signal" ? signal : null, mapping: made.value, headers: told };
    setSending(true);
    const answer = hook.id
      ? await asked<JsonObject>("PATCH", `/api/webhooks/${hook.id}`, body)
      : await asked<OpenedHook>("POST", `/api/rooms/${encodeURIComponent(roomId)}/hooks`, { ...body, signing });
    setSending(false);
    if (typeof answer === "string") return setFault(answer);
    onMade?.();
    if (hook.id) onDone?.();
    else setOpened(answer as OpenedHook);
  };
  if (opened) return <HookOpened opened={opened} onDone={onDone} />;
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      <Field label="Name" isRequired>
        {(bound) => <input {...bound} required maxLength={200} autoFocus value={name} onChange={(event) => setName(event.target.value)} className={INPUT} />}
      </Field>
      {!hook.id && rooms.length > 1 && <Select label="Room" choices={rooms} value={roomId} onChange={setRoomId} />}
      <Select label="What a call does" choices={DOES} value={does} onChange={setDoes} />
      {does === "signal" && (
        <Field label="Signal" isRequired hint="The name that the WAIT step waits for.">
          {(bound) => <input {...bound} required maxLength={64} value={signal} onChange={(event) => setSignal(event.target.value)} className={`${INPUT} font-mono`} />}
        </Field>
      )}
      {!hook.id && <Select label="How a call proves itself" choices={signings} value={signing} onChange={setSigning} hint={HINTS[signing] ?? ""} />}
      <Field label={does === "signal" ? "What the signal carries" : "What the run gets as input"} fault={typeof made === "string" ? made : ""}
        hint={<>JSON with <code className="font-mono">{"{{ body… }} {{ headers… }} {{ query… }}"}</code>. Empty: {does === "signal" ? "the body as it came." : "all three, as {body, headers, query}."}</>}>
        {(bound) => <textarea {...bound} rows={4} spellCheck={false} placeholder={EXAMPLE} value={mapping} onChange={(event) => setMapping(event.target.value)} className={`${AREA} font-mono`} />}
      </Field>
      <Field label="Further headers to take along" hint="Names, separated by commas. Those that hold secrets are never taken.">
        {(bound) => <input {...bound} spellCheck={false} value={headers} onChange={(event) => setHeaders(event.target.value)} className={`${INPUT} font-mono`} />}
      </Field>
      <Fault text={fault} />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button look="solid" type="submit" isBusy={isSending} disabled={typeof made === "string"}>{hook.id ? "Save" : "Make webhook"}</Button>
      </div>
    </form>
  );
}
