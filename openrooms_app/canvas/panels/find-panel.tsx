/** Find and replace over all fields of the workflow: the hits, one by one or all at once. */

import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { CaseSensitive, ChevronDown, ChevronUp, X } from "lucide-react";
import { Button, IconButton, INPUT } from "../../components/kit.tsx";
import { nodeOf, titleOf, transitionOf, type WorkflowDocument } from "../document/document.ts";
import { find, replace, type Hit } from "../document/finding.ts";
import { NOTHING } from "../document/operations.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";

export function FindPanel({ editor, canEdit }: { readonly editor: Editor; readonly canEdit: boolean }) {
  const document = useStore(editor.store, (state) => state.history.now);
  const [text, setText] = useState("");
  const [by, setBy] = useState("");
  const [isExact, setExact] = useState(false);
  const [at, setAt] = useState(-1);
  const list = useRef<HTMLUListElement>(null);
  const field = useRef<HTMLInputElement>(null);
  // Asked for once more while it is open, it wants to be typed over.
  const asked = useStore(editor.overlay, (value) => value);
  useEffect(() => field.current?.select(), [asked]);
  const query = { text, isExact };
  const hits = useMemo(() => find(document, query), [document, text, isExact]);
  const current = hits[Math.max(0, Math.min(at, hits.length - 1))];
  useEffect(() => {
    list.current?.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const go = (step: number): void => {
    const next = (Math.max(at, step < 0 ? 0 : -1) + step + hits.length) % Math.max(1, hits.length);
    setAt(next);
    if (hits[next]) show(editor, hits[next]);
  };
  const change = (only?: Hit): void => {
    const done = replace(document, query, by, only);
    editor.edit(() => done.document);
    editor.announce(`Replaced ${done.count} ${done.count === 1 ? "time" : "times"}.`);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") editor.overlay.set(null);
    else if (event.key === "Enter" || event.key === "ArrowDown") go(event.shiftKey ? -1 : 1);
    else if (event.key === "ArrowUp") go(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const total = hits.reduce((sum, hit) => sum + hit.count, 0);
  return (
    <section className="oc-find" role="search" aria-label="Find and replace" data-testid="find">
      <div className="flex items-center gap-1 p-2">
        <input autoFocus ref={field} className={INPUT} aria-label="Find" placeholder="Find in all fields" value={text} onKeyDown={onKeyDown}
          onChange={(event) => (setText(event.target.value), setAt(-1))} />
        <IconButton label="Match case" Icon={CaseSensitive} isOn={isExact} onClick={() => setExact(!isExact)} />
        <IconButton label="Previous" Icon={ChevronUp} disabled={!hits.length} onClick={() => go(-1)} />
        <IconButton label="Next" Icon={ChevronDown} disabled={!hits.length} onClick={() => go(1)} />
        <IconButton label="Close" Icon={X} onClick={() => editor.overlay.set(null)} />
      </div>
      {canEdit && (
        <div className="flex items-center gap-1 px-2 pb-2">
          <input className={INPUT} aria-label="Replace by" placeholder="Replace by" value={by} onKeyDown={onKeyDown} onChange={(event) => setBy(event.target.value)} />
          <Button disabled={!current} onClick={() => current && change(current)}>Replace</Button>
          <Button disabled={!hits.length} onClick={() => (change(), field.current?.focus())}>All</Button>
        </div>
      )}
      <p role="status" className="px-3 pb-1.5 text-2xs text-mute">{text ? (total ? `${total} in ${hits.length} ${hits.length === 1 ? "field" : "fields"}` : "Nothing found") : "Names, settings, conditions, notes"}</p>
      {hits.length > 0 && (
        <ul ref={list} className="max-h-64 overflow-y-auto border-t border-line p-1">
          {hits.map((hit, index) => (
            <li key={`${hit.place}:${hit.id}:${hit.field}`}>
              <button type="button" aria-current={hit === current} className="w-full rounded-md px-2 py-1 text-left hover:bg-hover aria-[current=true]:bg-hover"
                onClick={() => (setAt(index), show(editor, hit))}>
                <span className="flex justify-between gap-2 text-2xs text-mute"><span className="truncate">{ownerOf(document, hit)}</span><code>{hit.field}</code></span>
                <span className="block truncate font-mono text-xs">{hit.before}<mark className="rounded-sm bg-accent/30 text-ink">{hit.match}</mark>{hit.after}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function show(editor: Editor, { place, id }: Hit): void {
  if (place === "head") return editor.select(NOTHING);
  editor.select({ ...NOTHING, [place]: [id] });
  const way = place === "transitions" ? transitionOf(editor.document, id) : undefined;
  return editor.view?.show(way ? [way.source, way.target] : [place === "notes" ? `note:${id}` : id]);
}

function ownerOf(document: WorkflowDocument, { place, id }: Hit): string {
  const node = nodeOf(document, id);
  if (place === "nodes" && node) return titleOf(node);
  const way = transitionOf(document, id);
  if (place === "transitions" && way) return `${way.source} → ${way.target}`;
  return place === "notes" ? "Note" : "Workflow";
}
