/** The dialog that sets an entry of the memory: a key, and a value as JSON. */

import { useId, useState, type FormEvent } from "react";
import { Dialog } from "../../components/overlays.tsx";
import type { MemoryEntry } from "../data/event.ts";
import { readJson } from "../../components/form.ts";
import { useRoom } from "./context.ts";
import { AREA, Button, INPUT } from "./kit.tsx";

export function MemoryForm({ entry, onClose }: { readonly entry: MemoryEntry | null; readonly onClose: () => void }) {
  const { model } = useRoom();
  const id = useId();
  const [key, setKey] = useState(entry?.key ?? "");
  const [text, setText] = useState(entry ? JSON.stringify(entry.value, null, 2) : "");
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const read = readJson(text);
    if (typeof read === "string") return setFault(read);
    setBusy(true);
    const reply = await model.remember(key.trim(), read.value);
    setBusy(false);
    if (reply.kind === "ok") onClose();
    else setFault(reply.detail);
  };
  return (
    <Dialog open title={entry ? `Edit ${entry.key}` : "Add to the memory"} onOpenChange={(open) => !open && onClose()}>
      <form noValidate onSubmit={(event) => void save(event)} className="flex flex-col gap-3">
        {!entry && (
          <div>
            <label htmlFor={`${id}-key`} className="mb-1 block text-xs font-medium">Key</label>
            <input id={`${id}-key`} value={key} onChange={(event) => setKey(event.target.value)} autoComplete="off" spellCheck={false} className={`${INPUT} font-mono`} />
          </div>
        )}
        <div>
          <label htmlFor={`${id}-value`} className="mb-1 block text-xs font-medium">Value</label>
          <textarea id={`${id}-value`} value={text} rows={8} spellCheck={false} onChange={(event) => setText(event.target.value)} className={`${AREA} font-mono text-xs`} />
          <p className="mt-1 text-xs text-mute">JSON: a text stands in quotes, as in "hello".</p>
        </div>
        {fault && <p role="alert" className="text-xs text-fail">{fault}</p>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="solid" disabled={isBusy || !key.trim()}>Save</Button>
        </div>
      </form>
    </Dialog>
  );
}
