/** The versions of a workflow: list, look at one, see what differs from another or from the draft, put one back. */

import { useEffect, useMemo, useState } from "react";
import { GitCompareArrows, History, RotateCcw, TriangleAlert } from "lucide-react";
import { Button, Notice, Skeleton } from "../../components/kit.tsx";
import { readDocument, titleOf, type Json, type JsonObject, type WorkflowDocument } from "../document/document.ts";
import { differences, union, type Difference } from "../document/difference.ts";
import { NOTHING } from "../document/operations.ts";
import { RunGraph } from "../flow/run-graph.tsx";
import type { Editor } from "../state/editor.ts";
import { inShort } from "../state/last-run.ts";
import { RunPaint } from "../state/run-paint.ts";
import { useStore } from "../state/use-store.ts";
import { Dialog } from "./dialog.tsx";

type Line = { readonly version: number; readonly note: string; readonly created_at: string; readonly created_by_name: string | null };
/** A version's number, or the draft as it is on the canvas. */
type Which = number | "draft";

export function VersionsDialog({ editor, canEdit }: { readonly editor: Editor; readonly canEdit: boolean }) {
  const { lines, fault } = useVersions(editor);
  const [shown, setShown] = useState<Which | null>(null);
  const [base, setBase] = useState<Which | null>(null);
  const chosen = shown ?? lines?.[0]?.version ?? null;
  return (
    <Dialog editor={editor} title="Versions" className={lines?.length ? "is-full" : ""}>
      {fault && <Notice Icon={TriangleAlert} title="The versions can't be read" tone="text-fail">{fault}</Notice>}
      {!lines && !fault && <Skeleton className="h-40 w-full" />}
      {lines?.length === 0 && <Notice Icon={History} title="No version yet">Publish the draft to make the first: rooms run versions.</Notice>}
      {lines && lines.length > 0 && chosen !== null && (
        <div className="flex min-h-0 flex-1 gap-4 max-md:flex-col">
          <ol className="w-64 shrink-0 overflow-y-auto max-md:max-h-32 max-md:w-full" aria-label="Versions">
            <Entry title="Draft" detail="as it is on the canvas" isOn={chosen === "draft"} onClick={() => setShown("draft")} />
            {lines.map((line) => (
              <Entry key={line.version} title={`Version ${line.version}`} detail={line.note || "no note"} at={line.created_at} by={line.created_by_name ?? "the operator"} isOn={chosen === line.version} onClick={() => setShown(line.version)} />
            ))}
          </ol>
          <Shown key={chosen} {...{ editor, canEdit, lines, which: chosen }} base={base === chosen ? null : base} onBase={setBase} />
        </div>
      )}
    </Dialog>
  );
}

function useVersions(editor: Editor): { readonly lines: readonly Line[] | null; readonly fault: string } {
  const [lines, setLines] = useState<readonly Line[] | null>(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    void editor.parts.send<{ items: Line[] }>("GET", `${editor.path()}/versions?limit=200`).then((reply) => {
      if (reply.kind === "ok") setLines(reply.value.items);
      else setFault(reply.detail);
    });
  }, [editor]);
  return { lines, fault };
}

function Entry({ title, detail, at, by, isOn, onClick }: { readonly title: string; readonly detail: string; readonly at?: string; readonly by?: string | null; readonly isOn: boolean; readonly onClick: () => void }) {
  return (
    <li>
      <button type="button" aria-current={isOn} className="w-full rounded-md px-2.5 py-1.5 text-left hover:bg-hover aria-[current=true]:bg-hover" onClick={onClick}>
        <span className="flex items-baseline justify-between gap-2 text-sm font-medium">
          {title}
          {at && <time dateTime={at} title={at} className="text-2xs font-normal text-mute">{new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}</time>}
        </span>
        <span className="flex items-baseline justify-between gap-2 text-xs text-mute">
          <span className="truncate" title={detail}>{detail}</span>
          {by && <span className="max-w-[50%] shrink-0 truncate text-2xs" title={`Published by ${by}`}>by {by}</span>}
        </span>
      </button>
    </li>
  );
}

type ShownProps = {
  readonly editor: Editor;
  readonly canEdit: boolean;
  readonly lines: readonly Line[];
  readonly which: Which;
  readonly base: Which | null;
  readonly onBase: (base: Which | null) => void;
};

function Shown({ editor, canEdit, lines, which, base, onBase }: ShownProps) {
  const document = useDocument(editor, which);
  const other = useDocument(editor, base);
  const found = useMemo(() => (document && other ? differences(other, document) : null), [document, other]);
  const restore = async (): Promise<void> => {
    if (!document) return;
    editor.edit(() => document);
    editor.select(NOTHING);
    editor.overlay.set(null);
    editor.tell("info", `Version ${which} is the draft now; Undo brings yours back.`);
  };
  const others: Which[] = ["draft", ...lines.map(({ version }) => version)];
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <label className="flex items-center gap-2 text-mute">
          <GitCompareArrows size={15} aria-hidden />
          Compare with
          <select className="h-8 rounded-md border border-line-strong bg-bg px-2 text-ink" value={base ?? ""} onChange={({ target }) => onBase(target.value === "" ? null : target.value === "draft" ? "draft" : Number(target.value))}>
            <option value="">nothing</option>
            {others.filter((each) => each !== which).map((each) => <option key={each} value={each}>{each === "draft" ? "the draft" : `version ${each}`}</option>)}
          </select>
        </label>
        {found && <Legend found={found} />}
        {canEdit && which !== "draft" && <Button Icon={RotateCcw} className="ml-auto" disabled={!document} onClick={() => void restore()}>Restore into the draft</Button>}
      </div>
      <div className="flex min-h-0 flex-1 overflow-hidden rounded-md border border-line">
        {document ? <Picture editor={editor} document={document} other={other} found={found} /> : <Skeleton className="m-4 flex-1" />}
      </div>
      {document && other && found && <List found={found} document={union(other, document)} />}
    </div>
  );
}

function useDocument(editor: Editor, which: Which | null): WorkflowDocument | null {
  const draft = useStore(editor.store, (state) => state.history.now);
  const [document, setDocument] = useState<{ readonly of: Which; readonly value: WorkflowDocument } | null>(null);
  useEffect(() => {
    if (which === null || which === "draft") return;
    void editor.parts.send<{ document: JsonObject }>("GET", `${editor.path()}/versions/${which}`).then((reply) => {
      if (reply.kind === "ok") setDocument({ of: which, value: readDocument(reply.value.document) });
      else editor.tell("error", reply.detail);
    });
  }, [editor, which]);
  if (which === "draft") return draft;
  return document?.of === which ? document.value : null;
}

type PictureProps = { readonly editor: Editor; readonly document: WorkflowDocument; readonly other: WorkflowDocument | null; readonly found: readonly Difference[] | null };

function Picture({ editor, document, other, found }: PictureProps) {
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  const [paint] = useState(() => new RunPaint());
  const [selected, setSelected] = useState<string | null>(null);
  const drawn = useMemo(() => (other && found ? union(other, document) : document), [document, other, found]);
  const changes = useMemo(() => found && new Map(found.map(({ id, change }) => [id, change])), [found]);
  return <RunGraph key={found ? "difference" : "whole"} {...{ document: drawn, catalogue, paint, selected }} onSelect={setSelected} {...(changes ? { changes } : { isPlain: true })} />;
}

function Legend({ found }: { readonly found: readonly Difference[] }) {
  const count = (change: Difference["change"]): number => found.filter((each) => each.change === change).length;
  return (
    <span className="flex gap-3 text-xs" role="status" data-testid="difference">
      {(["added", "removed", "changed"] as const).map((change) => <span key={change} className={`oc-legend is-${change}`}>{count(change)} {change}</span>)}
    </span>
  );
}

function List({ found, document }: { readonly found: readonly Difference[]; readonly document: WorkflowDocument }) {
  if (!found.length) return <p className="text-sm text-mute">They mean the same; only the layout or the notes may differ.</p>;
  return (
    <ul className="max-h-44 shrink-0 divide-y divide-line overflow-y-auto rounded-md border border-line text-xs" aria-label="Differences">
      {found.map((each) => (
        <li key={`${each.place}:${each.id}`} className="break-words px-3 py-1.5">
          <span className={`oc-legend is-${each.change} mr-2`}>{each.change}</span>
          <span className="font-medium">{nameOf(document, each)}</span>
          {each.fields.map(({ field, was, is }) => (
            <div key={field} className="mt-0.5 flex flex-wrap gap-x-2 pl-4 font-mono text-2xs">
              <span className="text-mute">{field}</span>
              <del className="min-w-0 break-all text-fail">{said(was)}</del>
              <ins className="min-w-0 break-all text-ok no-underline">{said(is)}</ins>
            </div>
          ))}
        </li>
      ))}
    </ul>
  );
}

function said(value: Json | undefined): string {
  return value === undefined ? "–" : inShort(value, 120);
}

function nameOf(document: WorkflowDocument, { place, id }: Difference): string {
  if (place === "head") return "The workflow";
  const node = document.nodes.find((each) => each.id === id);
  if (place === "nodes" && node) return titleOf(node);
  const way = document.transitions.find((each) => each.id === id);
  return way ? `${way.source} → ${way.target} on ${way.on}` : id;
}
