/** The room's memory: what its runs remembered, for people to read, add to and mend. */

import { useState } from "react";
import { Brain, Pencil, Plus, Trash2 } from "lucide-react";
import { Dialog } from "../../components/overlays.tsx";
import { RelativeTime } from "../../components/time.tsx";
import type { MemoryEntry } from "../data/event.ts";
import { useRoom, useShown, useView } from "./context.ts";
import { JsonTree } from "./json-tree.tsx";
import { Button, GroupTitle, IconButton, Notice, Skeleton } from "./kit.tsx";
import { MemoryForm } from "./memory-form.tsx";

type Opened = { readonly kind: "edit"; readonly entry: MemoryEntry | null } | { readonly kind: "delete"; readonly entry: MemoryEntry };

export function Memory() {
  const { canEdit } = useRoom();
  const entries = useView((view) => view.memory);
  const [opened, setOpened] = useState<Opened | null>(null);
  if (!entries) return <Skeleton className="h-24 w-full" />;
  return (
    <div className="flex flex-col gap-1" data-testid="memory">
      <GroupTitle aside={canEdit && <Button look="quiet" Icon={Plus} className="h-7 px-2 text-xs" onClick={() => setOpened({ kind: "edit", entry: null })}>Add</Button>}>
        {entries.length ? `${entries.length} ${entries.length === 1 ? "entry" : "entries"}` : "Memory"}
      </GroupTitle>
      <Past />
      {!entries.length && <Notice Icon={Brain} title="Nothing is remembered yet">What a run remembers stays here for the next one.</Notice>}
      <ul className="flex flex-col divide-y divide-line">
        {entries.map((entry) => <Entry key={entry.key} entry={entry} onOpen={setOpened} />)}
      </ul>
      {opened?.kind === "edit" && <MemoryForm entry={opened.entry} onClose={() => setOpened(null)} />}
      {opened?.kind === "delete" && <Deleting entry={opened.entry} onClose={() => setOpened(null)} />}
    </div>
  );
}

function Entry({ entry, onOpen }: { readonly entry: MemoryEntry; readonly onOpen: (opened: Opened) => void }) {
  const { canEdit } = useRoom();
  return (
    <li className="py-1.5" data-testid={`memory-${entry.key}`}>
      <div className="flex items-center gap-1">
        <span className="min-w-0 truncate font-mono text-xs font-medium">{entry.key}</span>
        <span className="ml-auto text-2xs text-mute"><RelativeTime at={entry.updated_at} /></span>
        {canEdit && <IconButton Icon={Pencil} label={`Edit ${entry.key}`} onClick={() => onOpen({ kind: "edit", entry })} />}
        {canEdit && <IconButton Icon={Trash2} label={`Delete ${entry.key}`} onClick={() => onOpen({ kind: "delete", entry })} />}
      </div>
      <JsonTree value={entry.value} path={`memory.${entry.key}`} open={0} />
    </li>
  );
}

/** The list is the room's memory of now, whatever moment the rest of the page looks at. */
function Past() {
  const at = useView((view) => view.at);
  const { timeline } = useShown();
  if (at === null || at >= timeline.log.last) return null;
  return <p className="rounded-md bg-hover/60 px-2 py-1 text-xs text-mute">This is the memory as it is now. What the run had remembered by then stands under Variables.</p>;
}

function Deleting({ entry, onClose }: { readonly entry: MemoryEntry; readonly onClose: () => void }) {
  const { model } = useRoom();
  const remove = (): void => {
    onClose();
    void model.forget(entry.key);
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
