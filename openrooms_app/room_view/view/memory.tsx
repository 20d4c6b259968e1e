/** The room's memory: what its runs remembered, for people to read, add to and mend. */

import { useState } from "react";
import { Brain, Pencil, Plus, Trash2 } from "lucide-react";
import { Dialog } from "../../components/overlays.tsx";
import { RelativeTime } from "../../components/time.tsx";
import type { MemoryEntry, RunEvent } from "../data/event.ts";
import { memoryAt } from "../data/memory.ts";
import { useRoom, useShown, useStanding, useView } from "./context.ts";
import { JsonTree } from "./json-tree.tsx";
import { Button, GroupTitle, IconButton, Notice, Skeleton } from "./kit.tsx";
import { MemoryForm } from "./memory-form.tsx";

type Opened = { readonly kind: "edit"; readonly entry: MemoryEntry | null } | { readonly kind: "delete"; readonly entry: MemoryEntry };

export function Memory() {
  const entries = useView((view) => view.memory);
  const at = useView((view) => view.at);
  const { timeline } = useShown();
  const moment = at === null || at >= timeline.log.last ? undefined : timeline.log.events[at - 1];
  if (!entries) return <Skeleton className="h-24 w-full" />;
  return (
    <div className="flex flex-col gap-1" data-testid="memory">
      {moment ? <Then entries={entries} moment={moment} /> : <Now entries={entries} />}
    </div>
  );
}

function Now({ entries }: { readonly entries: readonly MemoryEntry[] }) {
  const { canEdit } = useRoom();
  const [opened, setOpened] = useState<Opened | null>(null);
  return (
    <>
      <GroupTitle aside={canEdit && <Button look="quiet" Icon={Plus} className="h-7 px-2 text-xs" onClick={() => setOpened({ kind: "edit", entry: null })}>Add</Button>}>
        {titleOf(entries.length)}
      </GroupTitle>
      {!entries.length && <Notice Icon={Brain} title="Nothing is remembered yet">What a run remembers stays here for the next one.</Notice>}
      <ul className="flex flex-col divide-y divide-line">
        {entries.map((entry) => <Entry key={entry.key} entry={entry} onOpen={canEdit ? setOpened : null} />)}
      </ul>
      {opened?.kind === "edit" && <MemoryForm entry={opened.entry} onClose={() => setOpened(null)} />}
      {opened?.kind === "delete" && <Deleting entry={opened.entry} onClose={() => setOpened(null)} />}
    </>
  );
}

/** The memory at an older moment, which nobody can change any more. */
function Then({ entries: now, moment }: { readonly entries: readonly MemoryEntry[]; readonly moment: RunEvent }) {
  const { timeline } = useShown();
  const standing = useStanding();
  const { entries, later } = memoryAt(now, standing.memory[""] ?? {}, timeline.log.events, moment);
  return (
    <>
      <GroupTitle>{titleOf(entries.length)}</GroupTitle>
      <p className="rounded-md bg-hover/60 px-2 py-1 text-xs text-mute" data-testid="memory-moment">As it was after event {moment.seq}. Entries that were deleted since are not shown.</p>
      <ul className="flex flex-col divide-y divide-line">
        {entries.map((entry) => <Entry key={entry.key} entry={entry} onOpen={null} />)}
      </ul>
      {later.length > 0 && (
        <p className="break-words px-2 py-1 text-xs text-mute" data-testid="memory-later">
          Set later, what they held before is not kept: <span className="font-mono">{later.join(", ")}</span>
        </p>
      )}
    </>
  );
}

function titleOf(count: number): string {
  return count ? `${count} ${count === 1 ? "entry" : "entries"}` : "Memory";
}

function Entry({ entry, onOpen }: { readonly entry: MemoryEntry; readonly onOpen: ((opened: Opened) => void) | null }) {
  return (
    <li className="py-1.5" data-testid={`memory-${entry.key}`}>
      <div className="flex items-center gap-1">
        <span className="min-w-0 truncate font-mono text-xs font-medium">{entry.key}</span>
        <span className="ml-auto text-2xs text-mute"><RelativeTime at={entry.updated_at} /></span>
        {onOpen && <IconButton Icon={Pencil} label={`Edit ${entry.key}`} onClick={() => onOpen({ kind: "edit", entry })} />}
        {onOpen && <IconButton Icon={Trash2} label={`Delete ${entry.key}`} onClick={() => onOpen({ kind: "delete", entry })} />}
      </div>
      <JsonTree value={entry.value} path={`memory.${entry.key}`} open={0} />
    </li>
  );
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
