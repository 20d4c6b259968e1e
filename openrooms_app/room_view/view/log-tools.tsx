/** Above the log: which lines to show, whether to follow, and taking them along. */

import { useState } from "react";
import { ArrowDownToLine, Check, Copy, Download, Pause, Search, X } from "lucide-react";
import { LEVELS, type Level, type RunEvent } from "../data/event.ts";
import type { Filter } from "../data/log.ts";
import { useRoom, useShown, useView } from "./context.ts";
import { copy, IconButton } from "./kit.tsx";
import { clock } from "./when.ts";

type Props = {
  readonly filter: Filter;
  readonly onFilter: (change: Partial<Filter>) => void;
  readonly isFollowing: boolean;
  readonly onFollow: (is: boolean) => void;
  readonly count: number;
};

const NAMES: Readonly<Partial<Record<Level, string>>> = { DEBUG: "All", INFO: "Info +", WARNING: "Warnings +", ERROR: "Errors" };

export function LogTools({ filter, onFilter, isFollowing, onFollow, count }: Props) {
  const { timeline } = useShown();
  const at = useView((view) => view.at);
  const total = timeline.log.events.length;
  return (
    <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-1 border-b border-line px-2 py-1">
      <select value={filter.level} aria-label="Least level" title="The least level that is shown" onChange={(event) => onFilter({ level: event.target.value as Level })}
        className="h-7 rounded-md border border-line bg-panel px-1.5 text-xs">
        {LEVELS.filter((level) => NAMES[level]).map((level) => <option key={level} value={level}>{NAMES[level]}</option>)}
      </select>
      <TypeFilter filter={filter} onFilter={onFilter} />
      <SearchBox onText={(text) => onFilter({ text })} />
      <NodeFilter filter={filter} onFilter={onFilter} />
      <span className="ml-auto hidden whitespace-nowrap text-2xs text-mute tabular-nums sm:inline" data-testid="log-count">
        {count === total ? `${total.toLocaleString()} lines` : `${count.toLocaleString()} of ${total.toLocaleString()}`}
      </span>
      <IconButton Icon={isFollowing ? Pause : ArrowDownToLine} isOn={isFollowing} disabled={at !== null}
        label={isFollowing ? "Stop following new lines" : "Follow new lines"} onClick={() => onFollow(!isFollowing)} />
      <Taking />
    </div>
  );
}

/** Events of one type only; the types that the run has had. */
function TypeFilter({ filter, onFilter }: { readonly filter: Filter; readonly onFilter: (change: Partial<Filter>) => void }) {
  const { timeline } = useShown();
  const pick = (type: string): void => onFilter({ type: type || null, ...(type ? { level: "DEBUG" } : {}) });
  return (
    <select value={filter.type ?? ""} aria-label="Type of event" title="Events of one type only" onChange={(event) => pick(event.target.value)}
      className="h-7 w-28 rounded-md border border-line bg-panel px-1.5 text-xs max-sm:hidden">
      <option value="">All types</option>
      {[...timeline.log.types].sort().map((type) => <option key={type} value={type}>{type}</option>)}
    </select>
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
      <Search size={13} aria-hidden className="absolute left-2 top-[7px] text-mute" />
      <input type="search" value={text} placeholder="Search" aria-label="Search the log" onChange={(event) => set(event.target.value)}
        className="h-7 w-full rounded-md border border-line-strong bg-panel pl-7 pr-1 text-xs placeholder:text-mute" />
    </div>
  );
}

/** Lines of the node that is pointed at, and no others. */
function NodeFilter({ filter, onFilter }: { readonly filter: Filter; readonly onFilter: (change: Partial<Filter>) => void }) {
  const node = useView((view) => view.node);
  const name = useView((view) => view.document?.nodes.find((each) => each.id === (filter.node ?? view.node))?.name ?? filter.node ?? view.node);
  if (filter.node === null && node === null) return null;
  const isOn = filter.node !== null;
  return (
    <button type="button" aria-pressed={isOn} onClick={() => onFilter({ node: isOn ? null : node })}
      className={`inline-flex h-7 max-w-40 cursor-pointer items-center gap-1 rounded-md border px-2 text-xs ${isOn ? "border-accent bg-accent/10" : "border-line text-mute hover:bg-hover"}`}>
      <span className="truncate">Only {name}</span>
      {isOn && <X size={12} aria-hidden />}
    </button>
  );
}

function Taking() {
  const { model } = useRoom();
  const { timeline } = useShown();
  const [isDone, setDone] = useState(false);
  const shown = (): RunEvent[] => timeline.log.shown.map((index) => timeline.log.events[index]!);
  const onCopy = async (): Promise<void> => {
    if (!(await copy(shown().map(asText).join("\n")))) return;
    setDone(true);
    setTimeout(() => setDone(false), 1_000);
  };
  const onDownload = (): void => {
    const lines = shown().map((event) => `${JSON.stringify(event)}\n`);
    const url = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `run-${model.view.get().run?.number ?? timeline.runId}.jsonl`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return (
    <>
      <IconButton Icon={isDone ? Check : Copy} label="Copy the lines shown" onClick={() => void onCopy()} />
      <IconButton Icon={Download} label="Download the events shown as JSON lines" className="max-sm:hidden" onClick={onDownload} />
    </>
  );
}

function asText(event: RunEvent): string {
  return `${clock(event.at)} ${event.level.padEnd(7)} ${event.message}${event.branch ? ` [${event.branch}]` : ""}`;
}
