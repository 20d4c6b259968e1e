/** Above the log: which lines to show, whether to follow, and taking them along. */

import { useState } from "react";
import { toast } from "sonner";
import { ArrowDownToLine, Check, Copy, Download, Pause, Search, X } from "lucide-react";
import type { RunEvent } from "../data/event.ts";
import { exportAddress } from "../data/api.ts";
import type { Filter, Passing } from "../data/log.ts";
import { useShown, useView } from "./context.ts";
import { copy, IconButton } from "./kit.tsx";
import { LogFilters, WHERE_NARROW, WHERE_WIDE, type Choosing } from "./log-filters.tsx";
import { clock } from "./when.ts";

type Props = Choosing & {
  readonly isFollowing: boolean;
  readonly onFollow: (is: boolean) => void;
  readonly places: Passing;
};

export function LogTools({ filter, onFilter, isFollowing, onFollow, places }: Props) {
  const at = useView((view) => view.at);
  return (
    <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-1 border-b border-line px-2 py-1">
      <LogFilters filter={filter} onFilter={onFilter} places={places} />
      <SearchBox onText={(text) => onFilter({ text })} />
      <OnlyNode filter={filter} onFilter={onFilter} />
      <Count places={places} />
      <IconButton Icon={isFollowing ? Pause : ArrowDownToLine} isOn={isFollowing} disabled={at !== null} className="max-sm:size-9"
        label={isFollowing ? "Stop following new lines" : "Follow new lines"} onClick={() => onFollow(!isFollowing)} />
      <Taking filter={filter} />
    </div>
  );
}

/** How many lines are shown of how many, and what is still being read or looked through. */
function Count({ places }: { readonly places: Passing }) {
  const { timeline } = useShown();
  const readingTo = useView((view) => view.readingTo);
  const total = timeline.log.last;
  const told = places.length === total ? `${total.toLocaleString()} ${total === 1 ? "line" : "lines"}` : `${places.length.toLocaleString()} of ${total.toLocaleString()}`;
  return (
    <span className="ml-auto flex items-center gap-1.5 whitespace-nowrap text-2xs text-mute tabular-nums">
      {readingTo !== null && <span role="status">reading {Math.floor((100 * total) / Math.max(1, readingTo))} %</span>}
      {places.sought !== null && <span role="status">searching</span>}
      <span className={WHERE_WIDE} data-testid="log-count">{told}</span>
    </span>
  );
}

function SearchBox({ onText }: { readonly onText: (text: string) => void }) {
  const [text, setText] = useState("");
  const set = (next: string): void => {
    setText(next);
    onText(next);
  };
  return (
    <div className="relative min-w-20 max-w-56 flex-1">
      <Search size={13} aria-hidden className="absolute left-2 top-[7px] text-mute max-sm:top-[11px]" />
      <input type="search" value={text} placeholder="Search" aria-label="Search the log" onChange={(event) => set(event.target.value)}
        className="h-7 w-full rounded-md border border-line-strong max-sm:h-9 bg-panel pl-7 pr-1 text-xs placeholder:text-mute" />
    </div>
  );
}

/** Lines of the node that is pointed at, and no others; on a phone the sheet has it, and where there is room the field says it. */
function OnlyNode({ filter, onFilter }: Choosing) {
  const node = useView((view) => view.node);
  const name = useView((view) => view.document?.nodes.find((each) => each.id === (view.node ?? filter.node))?.name ?? view.node ?? filter.node);
  const isOn = filter.node !== null && (node === null || filter.node === node);
  if (filter.node === null && node === null) return null;
  return (
    <button type="button" aria-pressed={isOn} onClick={() => onFilter({ node: isOn ? null : node })}
      className={`inline-flex h-7 max-w-40 max-sm:hidden cursor-pointer items-center gap-1 rounded-md border px-2 text-xs ${isOn ? `border-accent bg-accent/10 ${WHERE_NARROW}` : "border-line text-mute hover:bg-hover"}`}>
      <span className="truncate">Only {name}</span>
      {isOn && <X size={12} aria-hidden />}
    </button>
  );
}

/** More lines than this nobody pastes. */
const COPIED = 10_000;

function Taking({ filter }: { readonly filter: Filter }) {
  const { timeline } = useShown();
  const [isDone, setDone] = useState(false);
  const onCopy = async (): Promise<void> => {
    const events = await timeline.archive.lastShown(COPIED);
    if (!(await copy(events.map(asText).join("\n")))) return;
    if (timeline.log.shown.length > COPIED) toast.info(`The last ${COPIED.toLocaleString()} lines were copied. Download takes them all.`);
    setDone(true);
    setTimeout(() => setDone(false), 1_000);
  };
  return (
    <>
      <IconButton Icon={isDone ? Check : Copy} label="Copy the lines shown" className="max-sm:size-9" onClick={() => void onCopy()} />
      <a href={exportAddress(timeline.runId, filter)} download aria-label="Download the events shown as JSON lines" title="Download the events shown as JSON lines"
        className="grid size-7 max-sm:size-9 shrink-0 place-items-center rounded-md text-mute transition-colors hover:bg-hover hover:text-ink">
        <Download size={15} aria-hidden />
      </a>
    </>
  );
}

function asText(event: RunEvent): string {
  return `${clock(event.at)} ${event.level.padEnd(7)} ${event.message}${event.branch ? ` [${event.branch}]` : ""}`;
}
