// Makes a subscription or changes one by HTTP: its key is shown here once and never becomes state.
import { useState, type FormEvent } from "react";
import { Button, INPUT } from "../../components/kit.tsx";
import type { JsonObject } from "../../canvas/document/document.ts";
import { asked, type Choice, type OpenedSubscription } from "./asking.ts";
import { KeyOpened } from "./opened.tsx";
import { Fault, Field, Select } from "./parts.tsx";

type Told = Choice & { readonly group: string };
type Subscription = { readonly id?: string; readonly name?: string; readonly url?: string; readonly events?: readonly string[] };
type Props = {
  readonly rooms?: readonly Choice[];
  readonly events?: readonly Told[];
  /** The one that is changed; without an id a new one is made. */
  readonly subscription?: Subscription;
  readonly onMade?: () => void;
  readonly onDone?: () => void;
};

const FIRST: readonly string[] = ["ROOM_COMPLETED", "ROOM_FAILED"];
const ALL_ROOMS: Choice = { value: "", text: "All rooms" };

export function SubscriptionForm({ rooms = [], events = [], subscription = {}, onMade, onDone }: Props) {
  const [name, setName] = useState(subscription.name ?? "");
  const [url, setUrl] = useState(subscription.url ?? "");
  const [roomId, setRoomId] = useState(rooms.length === 1 ? rooms[0]!.value : "");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(subscription.events ?? FIRST));
  const [fault, setFault] = useState("");
  const [isSending, setSending] = useState(false);
  const [opened, setOpened] = useState<OpenedSubscription | null>(null);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const body: JsonObject = { name, url, events: events.filter((each) => chosen.has(each.value)).map((each) => each.value) };
    setSending(true);
    const answer = subscription.id
      ? await asked<JsonObject>("PATCH", `/api/subscriptions/${subscription.id}`, body)
      : await asked<OpenedSubscription>("POST", "/api/subscriptions", { ...body, room_id: roomId || null });
    setSending(false);
    if (typeof answer === "string") return setFault(answer);
    onMade?.();
    if (subscription.id) onDone?.();
    else setOpened(answer as OpenedSubscription);
  };
  if (opened) return <KeyOpened secret={opened.secret} onDone={onDone} />;
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      <Field label="Name" isRequired>
        {(bound) => <input {...bound} required maxLength={200} autoFocus value={name} onChange={(event) => setName(event.target.value)} className={INPUT} />}
      </Field>
      <Field label="URL" isRequired hint="Called with POST; each call is signed. Addresses inside the network need OPENROOMS_HTTP_ALLOW.">
        {(bound) => <input {...bound} required type="url" maxLength={2000} placeholder="https://" value={url} onChange={(event) => setUrl(event.target.value)} className={`${INPUT} font-mono`} />}
      </Field>
      {!subscription.id && <Select label="Of which rooms" choices={[...rooms, ALL_ROOMS]} value={roomId} onChange={setRoomId} />}
      <Events events={events} chosen={chosen} onChange={setChosen} />
      <Fault text={fault} />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button look="solid" type="submit" isBusy={isSending} disabled={chosen.size === 0}>{subscription.id ? "Save" : "Make subscription"}</Button>
      </div>
    </form>
  );
}

type EventsProps = { readonly events: readonly Told[]; readonly chosen: ReadonlySet<string>; readonly onChange: (chosen: ReadonlySet<string>) => void };

function Events({ events, chosen, onChange }: EventsProps) {
  const groups = [...new Set(events.map((each) => each.group))];
  const turn = (value: string, isOn: boolean): void => {
    const after = new Set(chosen);
    if (isOn) after.add(value);
    else after.delete(value);
    onChange(after);
  };
  return (
    <fieldset>
      <legend className="mb-1 text-xs font-medium">Events to tell <span className="font-normal text-mute">({chosen.size})</span></legend>
      <div className="flex max-h-64 flex-col gap-3 overflow-y-auto rounded-md border border-line-strong bg-bg px-3 py-2" tabIndex={0} role="group" aria-label="Events">
        {groups.map((group) => (
          <div key={group}>
            <h3 className="mb-1 text-2xs font-semibold uppercase tracking-wider text-mute">{group}</h3>
            <div className="grid gap-x-4 gap-y-1 sm:grid-cols-2">
              {events.filter((each) => each.group === group).map((each) => (
                <label key={each.value} title={each.value} className="flex cursor-pointer items-center gap-2 text-sm">
                  <input type="checkbox" className="size-4 accent-accent" checked={chosen.has(each.value)} onChange={(event) => turn(each.value, event.target.checked)} />
                  {each.text}
                </label>
              ))}
            </div>
          </div>
        ))}
      </div>
      {chosen.size === 0 && <Fault text="Choose at least one event." />}
    </fieldset>
  );
}
