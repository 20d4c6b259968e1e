// Asks before another address or key takes the place of the old one, and shows the new one once.
import { useState } from "react";
import { Button } from "../../components/kit.tsx";
import { asked, type OpenedHook, type OpenedSubscription } from "./asking.ts";
import { HookOpened, KeyOpened } from "./opened.tsx";
import { Fault } from "./parts.tsx";

type Props = { readonly kind?: string; readonly id?: string; readonly onDone?: () => void };

export function Rotate({ kind = "webhook", id = "", onDone }: Props) {
  const [opened, setOpened] = useState<OpenedHook | OpenedSubscription | null>(null);
  const [fault, setFault] = useState("");
  const [isSending, setSending] = useState(false);
  const rotate = async (): Promise<void> => {
    setSending(true);
    const path = `/api/${kind === "webhook" ? "webhooks" : "subscriptions"}/${encodeURIComponent(id)}/rotate`;
    const answer = await asked<OpenedHook | OpenedSubscription>("POST", path);
    setSending(false);
    if (typeof answer === "string") setFault(answer);
    else setOpened(answer);
  };
  if (opened) return "url" in opened ? <HookOpened opened={opened} onDone={onDone} /> : <KeyOpened secret={opened.secret ?? ""} onDone={onDone} />;
  return (
    <div className="flex flex-col gap-4">
      <p className="text-sm">
        {kind === "webhook"
          ? "Whoever calls the old address is refused from now on: it and its key are dead at once."
          : "From the next attempt on deliveries are signed with another key. Tell it to who checks them."}
      </p>
      <Fault text={fault} />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button look="solid" isBusy={isSending} onClick={() => void rotate()}>{kind === "webhook" ? "Make another address" : "Make another key"}</Button>
      </div>
    </div>
  );
}
