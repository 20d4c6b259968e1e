/** Which lines of the log are shown: fields above it where there is room, else a button that opens them as a sheet. */

import { useState } from "react";
import { ListFilter } from "lucide-react";
import { Dialog } from "../../components/overlays.tsx";
import { titleOf } from "../../canvas/document/document.ts";
import { LEVELS, type Level } from "../data/event.ts";
import type { Filter, Passing } from "../data/log.ts";
import { useShown, useView } from "./context.ts";
import { Button } from "./kit.tsx";

export type Choosing = { readonly filter: Filter; readonly onFilter: (change: Partial<Filter>) => void };
type Field = Choosing & { readonly className: string };

/** The log's own width decides, not the page's: the column beside it may be wide. Written out, or Tailwind would not find them. */
export const WHERE_WIDE = "@max-[639px]:hidden";
export const WHERE_NARROW = "@min-[640px]:hidden";

const NAMES: Readonly<Partial<Record<Level, string>>> = { DEBUG: "All", INFO: "Info +", WARNING: "Warnings +", ERROR: "Errors" };
const SHOWN = LEVELS.filter((level) => NAMES[level]);
const CLEAR: Partial<Filter> = { level: "INFO", type: null, node: null };

const SMALL = `h-7 rounded-md border border-line bg-panel px-1.5 text-xs ${WHERE_WIDE}`;
const LARGE = "h-11 w-full rounded-md border border-line-strong bg-bg px-3 text-base";

export function LogFilters({ filter, onFilter, places }: Choosing & { readonly places: Passing }) {
  return (
    <>
      <select value={filter.level} aria-label="Least level" title="The least level that is shown" onChange={(event) => onFilter({ level: event.target.value as Level })} className={SMALL}>
        {SHOWN.map((level) => <option key={level} value={level}>{NAMES[level]}</option>)}
      </select>
      <TypeFilter filter={filter} onFilter={onFilter} className={`w-28 ${SMALL}`} />
      <NodeFilter filter={filter} onFilter={onFilter} className={`w-28 ${SMALL}`} />
      <Sheet filter={filter} onFilter={onFilter} places={places} />
    </>
  );
}

function Sheet({ filter, onFilter, places }: Choosing & { readonly places: Passing }) {
  const [isOpen, setOpen] = useState(false);
  const count = countOf(filter);
  const pointed = useView((view) => view.document?.nodes.find(({ id }) => id === view.node));
  return (
    <>
      <Button Icon={ListFilter} aria-label={count ? `Filters, ${count} active` : "Filters"} aria-haspopup="dialog" className={`px-2.5 text-xs max-sm:h-9 sm:h-7! ${WHERE_NARROW}`} onClick={() => setOpen(true)}>
        Filters
        {count > 0 && <span className="grid h-4 min-w-4 place-items-center rounded-full bg-accent px-1 text-2xs font-semibold text-on-accent tabular-nums" data-testid="filters-active">{count}</span>}
      </Button>
      <Dialog open={isOpen} title="Filters" isSheet onOpenChange={setOpen}>
        <LevelChoice filter={filter} onFilter={onFilter} />
        <label className="flex flex-col gap-1.5 text-sm font-medium">
          Type of event
          <TypeFilter filter={filter} onFilter={onFilter} className={LARGE} />
        </label>
        <label className="flex flex-col gap-1.5 text-sm font-medium">
          Node
          <NodeFilter filter={filter} onFilter={onFilter} className={LARGE} />
        </label>
        {pointed && pointed.id !== filter.node && <Button className="h-11" onClick={() => onFilter({ node: pointed.id })}><span className="truncate">Only {titleOf(pointed)}</span></Button>}
        <div className="flex gap-2 pt-1">
          <Button className="h-11 px-5" disabled={!count} onClick={() => onFilter(CLEAR)}>Clear</Button>
          <Button look="solid" className="h-11 flex-1" onClick={() => setOpen(false)}><Told places={places} /></Button>
        </div>
      </Dialog>
    </>
  );
}

/** A level that leaves the usual lines out is a filter; to see more than those is none. */
function countOf({ level, type, node }: Filter): number {
  return Number(LEVELS.indexOf(level) > LEVELS.indexOf("INFO")) + Number(type !== null) + Number(node !== null);
}

function Told({ places }: { readonly places: Passing }) {
  const { last } = useShown().timeline.log;
  return places.sought === null ? `Show ${places.length.toLocaleString()} of ${last.toLocaleString()} lines` : "Searching …";
}

function LevelChoice({ filter, onFilter }: Choosing) {
  return (
    <fieldset>
      <legend className="pb-1.5 text-sm font-medium">Least level</legend>
      <div className="grid grid-cols-4 gap-0.5 rounded-md border border-line-strong p-0.5">
        {SHOWN.map((level) => (
          <label key={level} className="grid h-10 cursor-pointer place-items-center rounded text-sm text-mute hover:text-ink has-checked:bg-accent/15 has-checked:font-medium has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent-ink">
            <input type="radio" name="log-level" className="sr-only" checked={filter.level === level} onChange={() => onFilter({ level })} />
            {NAMES[level]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Events of one type only; the types that the run has had. */
function TypeFilter({ filter, onFilter, className }: Field) {
  const { timeline } = useShown();
  const pick = (type: string): void => onFilter({ type: type || null, ...(type ? { level: "DEBUG" } : {}) });
  return (
    <select value={filter.type ?? ""} aria-label="Type of event" title="Events of one type only" onChange={(event) => pick(event.target.value)} className={className}>
      <option value="">All types</option>
      {timeline.log.types.toSorted().map((type) => <option key={type} value={type}>{type}</option>)}
    </select>
  );
}

/** Lines of one node only; the nodes of the run's version. */
function NodeFilter({ filter, onFilter, className }: Field) {
  const document = useView((view) => view.document);
  if (!document) return null;
  return (
    <select value={filter.node ?? ""} aria-label="Node" title="Events of one node only" onChange={(event) => onFilter({ node: event.target.value || null })} className={className}>
      <option value="">All nodes</option>
      {document.nodes.map((node) => <option key={node.id} value={node.id}>{titleOf(node)}</option>)}
    </select>
  );
}
