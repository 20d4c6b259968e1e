/** The bar above the canvas: the workflow's name, whether it is saved, what is wrong, and what can be done with it. */

import { useEffect, useState } from "react";
import {
  ArrowLeft, CircleAlert, CloudAlert, CloudCheck, CloudUpload, Download, History, Keyboard, PanelRight, Play, Plus, Redo2, Rocket, Scan, Search, TriangleAlert, Undo2, Wand2,
  type LucideIcon,
} from "lucide-react";
import { Button, IconButton } from "../../components/kit.tsx";
import { useTitle } from "../../components/title.ts";
import { canRedo, canUndo } from "../document/history.ts";
import { patchHead } from "../document/operations.ts";
import { countOf } from "../document/problems.ts";
import { tidy } from "../state/arranging.ts";
import { addHere } from "../state/commands.ts";
import type { Editor } from "../state/editor.ts";
import type { SaveState } from "../state/saving.ts";
import { askRun } from "../state/trying.ts";
import { useStore } from "../state/use-store.ts";

type Props = {
  readonly editor: Editor;
  readonly canEdit: boolean;
  readonly isKnown: boolean;
  readonly isSheetOpen: boolean;
  readonly onSheet: (isOpen: boolean) => void;
};

export function TopBar({ editor, canEdit, isKnown, isSheetOpen, onSheet }: Props) {
  const history = useStore(editor.store, (state) => state.history);
  return (
    <header data-region="bar" className="flex min-h-12 shrink-0 flex-wrap items-center gap-1.5 py-1.5 border-b border-line bg-panel px-3" data-testid="top-bar">
      <a href="/workflows" aria-label="All workflows" title="All workflows" className="grid size-7 place-items-center rounded-md text-mute hover:bg-hover hover:text-ink">
        <ArrowLeft size={16} aria-hidden />
      </a>
      <Name editor={editor} canEdit={canEdit} />
      <Version editor={editor} />
      <SaveMark editor={editor} />
      <div className="mr-auto flex sm:mx-auto items-center gap-0.5">
        {(canEdit || !isKnown) && <IconButton label="Add a node (N)" Icon={Plus} className={isKnown ? "lg:hidden" : "invisible lg:hidden"} onClick={() => addHere(editor)} />}
        <IconButton label="Undo (Ctrl+Z)" Icon={Undo2} disabled={!canEdit || !canUndo(history)} onClick={() => editor.undo()} />
        <IconButton label="Redo (Ctrl+Shift+Z)" Icon={Redo2} disabled={!canEdit || !canRedo(history)} onClick={() => editor.redo()} />
        <IconButton label="Tidy up (Shift+T)" Icon={Wand2} className="max-sm:hidden" disabled={!canEdit} onClick={() => void tidy(editor)} />
        <IconButton label="Show the whole workflow (Shift+1)" Icon={Scan} onClick={() => editor.view?.fit()} />
        <IconButton label="Find a command or a node (Ctrl+K)" Icon={Search} onClick={() => editor.overlay.set({ kind: "palette" })} />
        <IconButton label="Keys (?)" Icon={Keyboard} className="max-md:hidden" onClick={() => editor.overlay.set({ kind: "keys" })} />
        <IconButton label="Inspector" Icon={PanelRight} isOn={isSheetOpen} className="lg:hidden" onClick={() => onSheet(!isSheetOpen)} />
      </div>
      <a
        href={`${editor.path()}/export`}
        download
        aria-label="Export as a file"
        title="Export as a file"
        className="grid size-7 place-items-center rounded-md text-mute hover:bg-hover hover:text-ink max-sm:hidden"
      >
        <Download size={15} aria-hidden />
      </a>
      {(canEdit || !isKnown) && <div className={`flex items-center gap-1.5 max-sm:ml-auto ${isKnown ? "" : "invisible"}`}><Actions editor={editor} /></div>}
    </header>
  );
}

function Name({ editor, canEdit }: { readonly editor: Editor; readonly canEdit: boolean }) {
  const name = useStore(editor.store, (state) => state.history.now.name);
  const [text, setText] = useState(name);
  useTitle(name);
  useEffect(() => setText(name), [name]);
  const apply = (): void => {
    const next = text.trim();
    if (!next) setText(name);
    else if (next !== name) editor.edit((document) => patchHead(document, { name: next }));
  };
  return (
    <>
      <h1 className="sr-only">{name}</h1>
      <input
        aria-label="Name of the workflow"
        className="h-7 w-56 min-w-24 shrink truncate rounded-md border border-transparent bg-transparent px-1.5 text-base font-semibold hover:border-line focus:border-line-strong"
        value={text}
        maxLength={200}
        readOnly={!canEdit}
        onChange={(event) => setText(event.target.value)}
        onBlur={apply}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
          if (event.key === "Escape") setText(name);
        }}
      />
    </>
  );
}

/** Has its place, and says nothing of a draft that is not there yet. */
const UNKNOWN = "invisible";

function Version({ editor }: { readonly editor: Editor }) {
  const latest = useStore(editor.store, (state) => state.latestVersion);
  const isPublished = useStore(editor.store, (state) => state.isPublished);
  const isReady = useStore(editor.store, (state) => state.phase === "ready");
  const words = latest === null ? "never published" : isPublished ? `version ${latest}` : `changed since version ${latest}`;
  return (
    <button type="button" title="Versions: look, compare, restore" className={`hidden h-7 items-center gap-1 whitespace-nowrap rounded-md px-1.5 text-xs text-mute hover:bg-hover hover:text-ink lg:inline-flex ${isReady ? "" : UNKNOWN}`} data-testid="version" onClick={() => editor.overlay.set({ kind: "versions" })}>
      <History size={13} aria-hidden />
      {words}
    </button>
  );
}

const SAVE: Readonly<Record<SaveState["kind"], { readonly words: string; readonly Icon: LucideIcon; readonly tone: string }>> = {
  saved: { words: "Saved", Icon: CloudCheck, tone: "text-mute" },
  changed: { words: "Saving…", Icon: CloudUpload, tone: "text-mute" },
  saving: { words: "Saving…", Icon: CloudUpload, tone: "text-mute" },
  offline: { words: "Offline – kept in this browser, retrying", Icon: CloudAlert, tone: "text-wait" },
  conflict: { words: "Conflict – a newer draft exists", Icon: CloudAlert, tone: "text-fail" },
  refused: { words: "Not saved", Icon: CloudAlert, tone: "text-fail" },
  "signed-out": { words: "Signed out – kept in this browser", Icon: CloudAlert, tone: "text-fail" },
};

/** Nothing of one's own is at stake. */
const NEWER = { words: "A newer draft exists", Icon: CloudAlert, tone: "text-wait" };

function SaveMark({ editor }: { readonly editor: Editor }) {
  const save = useStore(editor.store, (state) => state.save);
  const isDirty = useStore(editor.store, () => editor.isDirty);
  const isReady = useStore(editor.store, (state) => state.phase === "ready");
  const { words, Icon, tone } = save.kind === "conflict" && !isDirty ? NEWER : SAVE[save.kind];
  const detail = "detail" in save ? save.detail : words;
  return (
    <span className={`ml-1 inline-flex items-center gap-1 whitespace-nowrap text-xs ${tone} ${isReady ? "" : UNKNOWN}`} title={detail} role="status" data-testid="save-state" data-state={save.kind}>
      <Icon size={14} aria-hidden />
      {words}
    </span>
  );
}

function Actions({ editor }: { readonly editor: Editor }) {
  const problems = useStore(editor.store, (state) => state.problems);
  const latest = useStore(editor.store, (state) => state.latestVersion);
  const isPublished = useStore(editor.store, (state) => state.isPublished);
  const { errors, warnings } = countOf(problems);
  const why = errors ? `${errors} ${errors === 1 ? "error stands" : "errors stand"} in the way` : isPublished ? "Nothing has changed since the latest version" : "Make this draft a version that can run";
  return (
    <>
      {errors > 0 && <span className="inline-flex items-center gap-1 text-xs text-fail max-sm:hidden" data-testid="error-count"><CircleAlert size={14} aria-hidden />{errors}</span>}
      {warnings > 0 && <span className="inline-flex items-center gap-1 text-xs text-wait max-sm:hidden" data-testid="warning-count"><TriangleAlert size={14} aria-hidden />{warnings}</span>}
      <Button look="outline" Icon={Play} disabled={latest === null && errors > 0} title={latest === null ? (errors ? why : "Publish the first version and run it") : `Run version ${latest} in a room`} onClick={() => askRun(editor)}>
        Run
      </Button>
      <Button look="solid" Icon={Rocket} disabled={errors > 0 || isPublished} title={why} data-testid="publish" onClick={() => editor.overlay.set({ kind: "publish" })}>
        Publish
      </Button>
    </>
  );
}
