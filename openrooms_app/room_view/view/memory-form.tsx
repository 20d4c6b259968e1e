/** The dialog that sets an entry of the memory: its key and value, its kind, its end and what goes along with it. */

import { useId, useState, type FormEvent, type ReactNode } from "react";
import { Dialog } from "../../components/overlays.tsx";
import type { Kept } from "../data/api.ts";
import type { Json, JsonObject, MemoryEntry, MemoryKind } from "../data/event.ts";
import { readJson } from "../../components/form.ts";
import { useRoom } from "./context.ts";
import { AREA, Button, INPUT } from "./kit.tsx";

type Draft = { readonly key: string; readonly text: string; readonly kind: MemoryKind; readonly ttl: string; readonly metadata: string };

export function MemoryForm({ entry, onClose }: { readonly entry: MemoryEntry | null; readonly onClose: () => void }) {
  const { model } = useRoom();
  const id = useId();
  const [draft, setDraft] = useState(() => draftOf(entry));
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const change = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }));
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const read = toKeep(draft);
    if (typeof read === "string") return setFault(read);
    setBusy(true);
    const reply = await model.memory.remember(draft.key.trim(), read.value, read.kept);
    setBusy(false);
    if (reply.kind === "ok") onClose();
    else setFault(reply.detail);
  };
  const isSemantic = draft.kind === "SEMANTIC";
  return (
    <Dialog open title={entry ? `Edit ${entry.key}` : "Add to the memory"} onOpenChange={(open) => !open && onClose()}>
      <form noValidate onSubmit={(event) => void save(event)} className="flex flex-col gap-3">
        {!entry && (
          <Field id={`${id}-key`} label="Key">
            <input id={`${id}-key`} value={draft.key} onChange={(event) => change({ key: event.target.value })} autoComplete="off" spellCheck={false} className={`${INPUT} font-mono`} />
          </Field>
        )}
        <Field id={`${id}-kind`} label="Kind" hint={isSemantic ? "A text that is found by its words and, where an embedding is configured, by its meaning." : "Any value, kept for all runs of the room."}>
          <select id={`${id}-kind`} value={draft.kind} onChange={(event) => change(turned(draft, event.target.value as MemoryKind))} className={INPUT}>
            <option value="LONG_TERM">Long-term</option>
            <option value="SEMANTIC">Semantic</option>
          </select>
        </Field>
        <Field id={`${id}-value`} label={isSemantic ? "Text" : "Value"} hint={isSemantic ? "" : 'JSON, as {"vip": true}, or a text as it is.'}>
          <textarea id={`${id}-value`} value={draft.text} rows={7} spellCheck={isSemantic} onChange={(event) => change({ text: event.target.value })} className={`${AREA} ${isSemantic ? "" : "font-mono text-xs"}`} />
        </Field>
        <Field id={`${id}-ttl`} label="Forget after (seconds)" hint={entry?.expires_at ? "It had an end, which is set anew when it is saved; empty keeps it for good." : "Empty keeps it for good."}>
          <input id={`${id}-ttl`} value={draft.ttl} inputMode="decimal" autoComplete="off" onChange={(event) => change({ ttl: event.target.value })} className={INPUT} />
        </Field>
        <Field id={`${id}-meta`} label="Metadata" hint="A JSON object that searches give back; may be empty.">
          <textarea id={`${id}-meta`} value={draft.metadata} rows={2} spellCheck={false} onChange={(event) => change({ metadata: event.target.value })} className={`${AREA} !min-h-14 font-mono text-xs`} />
        </Field>
        {fault && <p role="alert" className="text-xs text-fail">{fault}</p>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="solid" isBusy={isBusy} disabled={!draft.key.trim()}>Save</Button>
        </div>
      </form>
    </Dialog>
  );
}

type FieldProps = { readonly id: string; readonly label: string; readonly hint?: string; readonly children: ReactNode };

function Field({ id, label, hint, children }: FieldProps) {
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-xs font-medium">{label}</label>
      {children}
      {hint && <p className="mt-1 text-xs text-mute">{hint}</p>}
    </div>
  );
}

function draftOf(entry: MemoryEntry | null): Draft {
  const kind = entry?.kind ?? "LONG_TERM";
  const left = entry?.expires_at ? Math.max(1, Math.round((Date.parse(entry.expires_at) - Date.now()) / 1_000)) : null;
  return {
    key: entry?.key ?? "",
    kind,
    text: entry ? spelled(entry.value, kind) : "",
    ttl: left === null ? "" : String(left),
    metadata: entry?.metadata && Object.keys(entry.metadata).length ? JSON.stringify(entry.metadata, null, 2) : "",
  };
}

function spelled(value: Json, kind: MemoryKind): string {
  return kind === "SEMANTIC" && typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** The same value as the other kind writes it. */
function turned({ text, kind: before }: Draft, kind: MemoryKind): Partial<Draft> {
  if (kind === before || !text) return { kind };
  if (kind === "LONG_TERM") return { kind, text: JSON.stringify(text) };
  const read = readJson(text);
  return { kind, text: typeof read !== "string" && typeof read.value === "string" ? read.value : text };
}

/** Words as they are: neither JSON, nor begun as it. */
function isPlain(text: string): boolean {
  return text.trim() !== "" && !/^\s*[[{"]/.test(text) && typeof readJson(text) === "string";
}

/** What is to be kept and how, or what is wrong with it. */
function toKeep(draft: Draft): { readonly value: Json; readonly kept: Kept } | string {
  const value = draft.kind === "SEMANTIC" || isPlain(draft.text) ? { value: draft.text } : readJson(draft.text);
  if (typeof value === "string") return value;
  const ttl = draft.ttl.trim() === "" ? null : Number(draft.ttl);
  if (ttl !== null && !(ttl > 0)) return "Seconds are a number above 0.";
  const metadata = draft.metadata.trim() ? readJson(draft.metadata) : { value: {} };
  if (typeof metadata === "string") return `Metadata: ${metadata}`;
  if (metadata.value === null || typeof metadata.value !== "object" || Array.isArray(metadata.value)) return "Metadata is a JSON object.";
  return { value: value.value, kept: { kind: draft.kind, ttl_s: ttl, metadata: metadata.value as JsonObject } };
}
