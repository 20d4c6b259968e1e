/** An entry of the memory: its key and value, its kind and end, and what goes along with it. */

import { useState } from "react";
import { Pencil, Trash2 } from "lucide-react";
import { Dialog } from "../../components/overlays.tsx";
import { RelativeTime } from "../../components/time.tsx";
import { api } from "../data/api.ts";
import type { JsonObject, MemoryEntry, MemoryHit, MemoryKind } from "../data/event.ts";
import { useRoom } from "./context.ts";
import { JsonTree } from "../../components/json-tree.tsx";
import { Button, IconButton } from "./kit.tsx";

/** `entry` null is a new one. */
export type Opened = { readonly kind: "edit"; readonly entry: MemoryEntry | null } | { readonly kind: "delete"; readonly entry: MemoryEntry };
type OnOpen = ((opened: Opened) => void) | null;

export function Entry({ entry, onOpen }: { readonly entry: MemoryEntry; readonly onOpen: OnOpen }) {
  return (
    <li className="py-1.5" data-testid={`memory-${entry.key}`}>
      <div className="flex items-center gap-1">
        <span className="min-w-0 truncate font-mono text-xs font-medium" title={entry.key}>{entry.key}</span>
        <KindBadge kind={entry.kind} isEmbedded={entry.is_embedded} />
        <span className="ml-auto shrink-0 text-2xs text-mute"><RelativeTime at={entry.updated_at} /></span>
        {onOpen && <IconButton Icon={Pencil} label={`Edit ${entry.key}`} onClick={() => onOpen({ kind: "edit", entry })} />}
        {onOpen && <IconButton Icon={Trash2} label={`Delete ${entry.key}`} onClick={() => onOpen({ kind: "delete", entry })} />}
      </div>
      <JsonTree value={entry.value} path={`memory.${entry.key}`} open={0} />
      {entry.expires_at && <p className="px-1 text-2xs text-mute">until <RelativeTime at={entry.expires_at} absolute /></p>}
      <Metadata metadata={entry.metadata} />
    </li>
  );
}

/** An entry that was found, with how well it fits. */
export function Hit({ hit, onOpen }: { readonly hit: MemoryHit; readonly onOpen: OnOpen }) {
  const { model } = useRoom();
  const [fault, setFault] = useState<string | null>(null);
  const open = async (kind: Opened["kind"]): Promise<void> => {
    const reply = await api.entry(model.roomId, hit.key);
    if (reply.kind === "ok") onOpen?.({ kind, entry: reply.value });
    else setFault(reply.detail);
  };
  return (
    <li className="py-1.5" data-testid={`memory-${hit.key}`}>
      <div className="flex items-center gap-1">
        <span className="min-w-0 truncate font-mono text-xs font-medium" title={hit.key}>{hit.key}</span>
        <KindBadge kind={hit.kind} />
        <span className="ml-auto shrink-0 text-2xs text-mute tabular-nums" title="How well it fits">{hit.score.toFixed(3)}</span>
        {onOpen && <IconButton Icon={Pencil} label={`Edit ${hit.key}`} onClick={() => void open("edit")} />}
        {onOpen && <IconButton Icon={Trash2} label={`Delete ${hit.key}`} onClick={() => void open("delete")} />}
      </div>
      <JsonTree value={hit.value} path={`memory.${hit.key}`} open={0} />
      <Metadata metadata={hit.metadata} />
      {fault && <p role="alert" className="text-xs text-fail">{fault}</p>}
    </li>
  );
}

const KINDS: Readonly<Record<MemoryKind, readonly [string, string]>> = {
  SHORT_TERM: ["this run", "Kept for this run alone: gone at its end"],
  LONG_TERM: ["", ""],
  SEMANTIC: ["semantic", "A text that is found by its words and meaning"],
};

function KindBadge({ kind = "LONG_TERM", isEmbedded }: { readonly kind: MemoryKind | undefined; readonly isEmbedded?: boolean | undefined }) {
  const [word, hint] = KINDS[kind];
  if (!word) return null;
  const how = isEmbedded === false ? `${hint}; it can't be found by its meaning, as no embedding was configured` : hint;
  return <span className="shrink-0 rounded bg-hover px-1 text-2xs text-mute" title={how} data-testid="memory-kind">{word}</span>;
}

function Metadata({ metadata }: { readonly metadata: JsonObject | undefined }) {
  if (!metadata || !Object.keys(metadata).length) return null;
  return <JsonTree name="metadata" value={metadata} path="" open={0} />;
}

export function Forgetting({ entry, onClose }: { readonly entry: MemoryEntry; readonly onClose: () => void }) {
  const { model } = useRoom();
  const remove = (): void => {
    onClose();
    void model.memory.forget(entry.key);
  };
  return (
    <Dialog open size="small" title={`Delete ${entry.key}?`} description="Runs that start from now on won't find it." onOpenChange={(open) => !open && onClose()}>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" onClick={remove}>Delete</Button>
      </div>
    </Dialog>
  );
}
