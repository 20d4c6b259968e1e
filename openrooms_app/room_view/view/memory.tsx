/** The room's memory: what its runs remembered, to read, search, add to and mend; and its conversation with agents. */

import { useEffect, useState } from "react";
import { Brain, Plus, Search as SearchIcon, SearchX } from "lucide-react";
import { useStore } from "../../canvas/state/use-store.ts";
import type { MemoryEntry, MemoryKind } from "../data/event.ts";
import { memoryAt } from "../data/memory.ts";
import type { Recalled } from "../state/recollection.ts";
import { useRoom, useShown, useStanding, useView } from "./context.ts";
import { Conversation } from "./conversation.tsx";
import { Button, GroupTitle, INPUT, Notice, Skeleton } from "./kit.tsx";
import { Entry, Forgetting, Hit, type Opened } from "./memory-entry.tsx";
import { MemoryForm } from "./memory-form.tsx";

export function useRecalled(): Recalled {
  return useStore(useRoom().model.memory.store, (recalled) => recalled);
}

export function Memory() {
  const [part, setPart] = useState<"entries" | "conversation">("entries");
  const at = useView((view) => view.at);
  const { timeline } = useShown();
  const isPast = at !== null && at < timeline.log.last;
  return (
    <div className="flex flex-col gap-2" data-testid="memory">
      <div role="group" aria-label="What to show" className="flex gap-0.5 self-start rounded-md border border-line p-0.5 text-xs">
        {(["entries", "conversation"] as const).map((each) => (
          <button key={each} type="button" aria-pressed={part === each} onClick={() => setPart(each)}
            className="h-6 cursor-pointer rounded px-2 text-mute first-letter:uppercase hover:text-ink aria-pressed:bg-hover aria-pressed:font-medium aria-pressed:text-ink">
            {each === "entries" ? "Entries" : "Conversation"}
          </button>
        ))}
      </div>
      {part === "conversation" ? <Conversation /> : isPast ? <Then /> : <Now />}
    </div>
  );
}

function Now() {
  const { canEdit } = useRoom();
  const { entries, hasMore, search, kind } = useRecalled();
  const [opened, setOpened] = useState<Opened | null>(null);
  const open = canEdit ? setOpened : null;
  return (
    <>
      <Looking />
      <GroupTitle aside={canEdit && <Button look="quiet" Icon={Plus} className="h-7 px-2 text-xs" onClick={() => setOpened({ kind: "edit", entry: null })}>Add</Button>}>
        {search ? "Found" : titleOf(entries?.length ?? 0, hasMore)}
      </GroupTitle>
      {search ? <Found onOpen={open} /> : <All entries={entries} kind={kind} onOpen={open} />}
      {opened?.kind === "edit" && <MemoryForm entry={opened.entry} onClose={() => setOpened(null)} />}
      {opened?.kind === "delete" && <Forgetting entry={opened.entry} onClose={() => setOpened(null)} />}
    </>
  );
}

const WAITING_MS = 250;
const WAYS = { all: "Words and meaning", words: "Words", meaning: "Meaning" } as const;

/** What to look for, how, and in which kind of entries. */
function Looking() {
  const { model } = useRoom();
  const { search, kind, hits } = useRecalled();
  const [text, setText] = useState(search?.query ?? "");
  const [way, setWay] = useState<keyof typeof WAYS>(search?.by ?? "all");
  useEffect(() => {
    const query = text.trim();
    if (!query && !model.memory.store.get().search) return;
    const timer = setTimeout(() => void model.memory.look(query ? { query, by: way === "all" ? null : way, kind: model.memory.store.get().kind } : null), WAITING_MS);
    return () => clearTimeout(timer);
  }, [model, text, way]);
  const select = "h-7 min-w-0 flex-1 rounded-md border border-line bg-panel px-1.5 text-xs";
  return (
    <search className="flex flex-col gap-1.5">
      <div className="relative">
        <SearchIcon size={13} aria-hidden className="absolute left-2 top-2 text-mute" />
        <input type="search" value={text} placeholder="Search the memory" aria-label="Search the memory" onChange={(event) => setText(event.target.value)} className={`${INPUT} !h-7 !pl-7 !text-xs`} />
      </div>
      <div className="flex gap-1.5">
        <select value={way} aria-label="How to search" className={select} onChange={(event) => setWay(event.target.value as keyof typeof WAYS)}>
          {Object.entries(WAYS).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        </select>
        <select value={kind ?? ""} aria-label="Kind of entry" className={select} onChange={(event) => void model.memory.show((event.target.value || null) as MemoryKind | null)}>
          <option value="">All kinds</option>
          <option value="LONG_TERM">Long-term</option>
          <option value="SEMANTIC">Semantic</option>
        </select>
      </div>
      <span role="status" className="sr-only">{hits && `${hits.length} found`}</span>
    </search>
  );
}

type OnOpen = ((opened: Opened) => void) | null;

function All({ entries, kind, onOpen }: { readonly entries: readonly MemoryEntry[] | null; readonly kind: MemoryKind | null; readonly onOpen: OnOpen }) {
  if (!entries) return <Skeleton className="h-24 w-full" />;
  if (!entries.length) {
    return kind
      ? <Notice Icon={Brain} title="There is no entry of this kind" />
      : <Notice Icon={Brain} title="Nothing is remembered yet">What a run remembers stays here for the next one.</Notice>;
  }
  return (
    <>
      <ul className="flex flex-col divide-y divide-line">
        {entries.map((entry) => <Entry key={entry.key} entry={entry} onOpen={onOpen} />)}
      </ul>
      <More />
    </>
  );
}

function More() {
  const { model } = useRoom();
  const { hasMore } = useRecalled();
  if (!hasMore) return null;
  return <Button className="self-center" onClick={() => void model.memory.loadMore()}>More entries</Button>;
}

function Found({ onOpen }: { readonly onOpen: OnOpen }) {
  const { hits, fault } = useRecalled();
  if (fault) return <p role="alert" className="text-sm text-fail">{fault}</p>;
  if (!hits) return <Skeleton className="h-24 w-full" />;
  if (!hits.length) return <Notice Icon={SearchX} title="Nothing fits">Try other words, or search by meaning.</Notice>;
  return (
    <ul className="flex flex-col divide-y divide-line" data-testid="memory-hits">
      {hits.map((hit) => <Hit key={hit.key} hit={hit} onOpen={onOpen} />)}
    </ul>
  );
}

/** The memory at an older moment, which nobody can change any more. */
function Then() {
  const { entries: now } = useRecalled();
  const { timeline } = useShown();
  const standing = useStanding();
  if (!now) return <Skeleton className="h-24 w-full" />;
  const { entries, later } = memoryAt(now, standing, timeline.runId);
  return (
    <>
      <GroupTitle>{titleOf(entries.length)}</GroupTitle>
      <p className="rounded-md bg-hover/60 px-2 py-1 text-xs text-mute" data-testid="memory-moment">As it was after event {standing.seq}. Entries that were deleted since are not shown.</p>
      <ul className="flex flex-col divide-y divide-line">
        {entries.map((entry) => <Entry key={entry.key} entry={entry} onOpen={null} />)}
      </ul>
      {later.length > 0 && (
        <p className="break-words px-2 py-1 text-xs text-mute" data-testid="memory-later">
          Set later, what they held before is not kept: <span className="font-mono">{later.join(", ")}</span>
        </p>
      )}
      <More />
    </>
  );
}

function titleOf(count: number, hasMore = false): string {
  if (hasMore) return `The first ${count} entries`;
  return count ? `${count} ${count === 1 ? "entry" : "entries"}` : "Memory";
}
