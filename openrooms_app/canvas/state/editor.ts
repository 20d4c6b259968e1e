/** The editor's one state: the document with its history, what is selected, what the server said; and what changes it. */

import type { Looked } from "../document/dataflow.ts";
import { readDocument, type Position, type WorkflowDocument } from "../document/document.ts";
import { begin, record, redo, undo, type History } from "../document/history.ts";
import { withPlaces } from "../document/layout.ts";
import type { Three } from "../document/merging.ts";
import { NOTHING, type Selection } from "../document/operations.ts";
import type { Try } from "../document/trial.ts";
import type { Part } from "../document/walk.ts";
import { countsBy, type Count, type Problem } from "../document/problems.ts";
import { wrongOf, type Draft, type Reply, type Send, type Wrong } from "./api.ts";
import { keptIn, type Kept } from "./backup.ts";
import { EMPTY, type Catalogue } from "./catalogue.ts";
import { COMMANDS } from "./commands.ts";
import { Keymap } from "./keymap.ts";
import { Pins } from "./pins.ts";
import { Runs } from "./runs.ts";
import { newerIn, newerOf, Saving, type Backup, type Newer, type SaveState } from "./saving.ts";
import { saidOf } from "./selected.ts";
import { createStore, type Store } from "./store.ts";
import { UnreadTexts } from "./unread.ts";

export type EditorState = {
  readonly phase: "loading" | "ready" | "failed";
  /** Why the workflow could not be opened. */
  readonly failure: Wrong | null;
  readonly history: History<WorkflowDocument>;
  readonly selection: Selection;
  readonly problems: readonly Problem[];
  readonly nodeProblems: ReadonlyMap<string, Count>;
  readonly transitionProblems: ReadonlyMap<string, Count>;
  readonly save: SaveState;
  readonly latestVersion: number | null;
  /** Whether the confirmed draft is what the latest version holds. */
  readonly isPublished: boolean;
  readonly catalogue: Catalogue;
  /** Unconfirmed work of an earlier visit, until it is taken or dropped. */
  readonly kept: Kept | null;
  readonly notice: Notice | null;
  /** What a screen reader is told. */
  readonly announcement: string;
};

export type Notice = { readonly tone: "info" | "error"; readonly text: string };

/** What the drawing surface lets others ask of it. */
export type View = {
  /** The middle of what is on the screen, and of the screen itself. */
  readonly centre: () => Position;
  readonly screenCentre: () => Position;
  /** Where a node goes that is asked for by a key, and where on the screen to ask. */
  readonly placeFor: (wiring: Wiring | null) => { readonly at: Position; readonly screen: Position };
  readonly show: (nodes: readonly string[]) => void;
  /** Move the view to a node that was just added, if it came to lie out of it. */
  readonly bring: (node: string) => void;
  /** Move the view only if the part is out of it, and give it the focus. */
  readonly reveal: (part: Part) => void;
  readonly fit: () => void;
  /** Focus on the settings of what is selected; for a new name the old one is marked, to be typed over. */
  readonly openSettings: (isRename: boolean) => void;
  readonly actualSize: () => void;
};

/** What lies over the canvas at the moment: one thing at a time. */
export type Overlay =
  | { readonly kind: "quick-add"; readonly screen: Position; readonly at: Position; readonly wiring: Wiring | null }
  | { readonly kind: "connect"; readonly source: string }
  | { readonly kind: "menu"; readonly screen: Position; readonly at: Position }
  | { readonly kind: "run"; readonly tries?: Try }
  | { readonly kind: "publish" | "keys" | "palette" | "find" | "versions" | "merge" };

/** How a node that is about to be chosen will be connected. */
export type Wiring =
  | { readonly kind: "after"; readonly source: string; readonly handle: string }
  | { readonly kind: "before"; readonly target: string }
  | { readonly kind: "splice"; readonly transition: string };

/** Two drafts that wait to be brought together. */
export type Merging = { readonly three: Three; readonly draft: Draft };

export type EditorParts = {
  readonly workflowId: string;
  readonly send: Send;
  readonly storage: Storage;
  readonly backup: Backup;
  readonly onSignedOut: () => void;
  /** This tab saved a draft: others want to know. */
  onSaved?: (newer: Newer) => void;
};

const BLANK: WorkflowDocument = { format: "openrooms/workflow@1", name: "", nodes: [], transitions: [], notes: [] };

export class Editor {
  readonly store: Store<EditorState>;
  readonly parts: EditorParts;
  readonly overlay: Store<Overlay | null> = createStore<Overlay | null>(null);
  /** The transition that what is dragged would be put into. */
  readonly splicing: Store<string | null> = createStore<string | null>(null);
  /** What each node reads and writes, while Shift is held. */
  readonly lens: Store<ReadonlyMap<string, Looked> | null> = createStore<ReadonlyMap<string, Looked> | null>(null);
  readonly runs: Runs;
  readonly pins: Pins;
  readonly merging: Store<Merging | null> = createStore<Merging | null>(null);
  readonly keymap: Keymap;
  readonly unread = new UnreadTexts();
  view: View | null = null;
  private saving: Saving | null = null;
  private isGliding = false;

  constructor(parts: EditorParts) {
    this.parts = parts;
    this.keymap = new Keymap(COMMANDS, parts.storage);
    this.pins = new Pins(parts.storage, parts.workflowId);
    this.runs = new Runs(parts, (text) => this.announce(text));
    this.store = createStore<EditorState>({
      phase: "loading",
      failure: null,
      history: begin(BLANK),
      selection: NOTHING,
      problems: [],
      nodeProblems: new Map(),
      transitionProblems: new Map(),
      save: { kind: "saved" },
      latestVersion: null,
      isPublished: false,
      catalogue: EMPTY,
      kept: null,
      notice: null,
      announcement: "",
    });
  }

  get document(): WorkflowDocument {
    return this.store.get().history.now;
  }

  get isDirty(): boolean {
    return this.saving?.isDirty ?? false;
  }

  async load(): Promise<void> {
    const { send, workflowId, storage } = this.parts;
    const [draft, catalogue] = await Promise.all([send<Draft>("GET", this.path()), send<Catalogue>("GET", "/api/catalogue")]);
    if (draft.kind !== "ok" || catalogue.kind !== "ok") return this.failedToLoad([draft, catalogue]);
    const document = await withPlaces(readDocument(draft.value.draft));
    this.saving = new Saving(
      {
        ...this.parts,
        backup: this.backup(),
        onState: (save) => this.saveStateIs(save),
        onConfirmed: (confirmed) => {
          this.confirmedBy(confirmed);
          this.parts.onSaved?.(newerOf(confirmed));
        },
      },
      document,
      draft.value.revision,
    );
    const kept = keptIn(storage, workflowId, document);
    this.update({ phase: "ready", history: begin(document), catalogue: catalogue.value, kept });
    return this.confirmedBy(draft.value);
  }

  /** Change the document. `kind` names what is edited: quick changes of one kind are one step of undo. */
  edit(change: (document: WorkflowDocument) => WorkflowDocument, kind?: string): void {
    const { history, phase } = this.store.get();
    if (phase !== "ready") return;
    this.arrive(record(history, change(history.now), Date.now(), kind));
  }

  undo(): void {
    this.arrive(undo(this.store.get().history), "Undone");
  }

  redo(): void {
    this.arrive(redo(this.store.get().history), "Done again");
  }

  select(selection: Selection): void {
    if (isSameSelection(selection, this.store.get().selection)) return;
    this.update({ selection, announcement: saidOf(this, selection) || this.store.get().announcement });
  }

  /** The next change of places is shown as a movement. */
  glide(): void {
    this.isGliding = true;
  }

  /** Whether the change that is drawn now is a movement; asked once for each. */
  takeGlide(): boolean {
    const was = this.isGliding;
    this.isGliding = false;
    return was;
  }

  hold(): void {
    this.saving?.hold();
  }

  /** Something is being dragged. */
  get isHeld(): boolean {
    return this.saving?.isHeld ?? false;
  }

  release(): void {
    this.saving?.release();
  }

  flush(): Promise<boolean> {
    return this.saving?.flush() ?? Promise.resolve(true);
  }

  wake(): void {
    this.saving?.wake();
  }

  stop(): void {
    this.runs.stop();
    this.saving?.stop();
  }

  overwriteTheirs(): Promise<boolean> {
    return this.saving?.overwrite() ?? Promise.resolve(true);
  }

  /** Take the server's newer draft; ours stays one undo away. */
  async takeTheirs(): Promise<void> {
    const found = await this.theirs();
    if (!found) return;
    this.saving?.rebase(found.document, found.draft.revision);
    this.arrive(record(this.store.get().history, found.document, Date.now()));
    this.confirmedBy(found.draft);
  }

  /** Bring ours and the server's newer draft together; what both changed is asked. */
  async mergeTheirs(): Promise<void> {
    const found = await this.theirs();
    if (!found || !this.saving) return;
    this.askToMerge({ base: this.saving.base, mine: this.document, theirs: found.document }, found.draft);
  }

  private askToMerge(three: Three, draft: Draft): void {
    this.merging.set({ three, draft });
    this.overlay.set({ kind: "merge" });
  }

  applyMerge(merged: WorkflowDocument): void {
    const merging = this.merging.get();
    if (!merging) return;
    this.merging.set(null);
    if (merging.three.mine === this.store.get().kept?.document) this.update({ kept: null });
    this.saving?.rebase(merging.three.theirs, merging.draft.revision);
    this.confirmedBy(merging.draft);
    this.arrive(record(this.store.get().history, merged, Date.now()), "Merged.");
  }

  /** Ask whether someone else saved meanwhile, as when this tab comes to the front again. */
  async lookForNewer(): Promise<void> {
    if (this.store.get().phase !== "ready") return;
    const reply = await this.parts.send<Draft>("GET", this.path());
    if (reply.kind === "ok") this.heard(newerOf(reply.value));
  }

  /** Another tab told of a draft that it saved. */
  heard(newer: Newer): void {
    this.saving?.heard(newer);
  }

  private async theirs(): Promise<{ readonly draft: Draft; readonly document: WorkflowDocument } | null> {
    const reply = await this.parts.send<Draft>("GET", this.path());
    if (reply.kind === "ok") return { draft: reply.value, document: await withPlaces(readDocument(reply.value.draft)) };
    this.tell("error", reply.detail);
    return null;
  }

  /** Go on from what an earlier visit left unsaved; what was saved since is brought together with it. */
  async takeKept(): Promise<void> {
    const { kept } = this.store.get();
    await this.flush();
    const found = kept && (await this.theirs());
    if (!found) return;
    if (found.draft.revision !== kept.revision) return this.askToMerge({ base: kept.base, mine: kept.document, theirs: found.document }, found.draft);
    this.update({ kept: null });
    this.edit(() => kept.document);
  }

  dropKept(): void {
    this.update({ kept: null });
    this.parts.backup.drop();
  }

  /** Null once there is a new version, else why there is none. */
  async publish(note: string): Promise<string | null> {
    const { saving } = this;
    if (!saving || !(await saving.flush())) return "Publishing needs the draft to be saved first, and that did not succeed.";
    const asSeen = { "if-match": `"${saving.revision}"` }; // what somebody else has saved since is nobody's to publish unseen
    const reply = await this.parts.send<{ version: number }>("POST", `${this.path()}/versions`, note ? { note } : {}, asSeen);
    if (reply.kind === "ok") {
      this.update({ latestVersion: reply.value.version, isPublished: true });
      this.tell("info", `Version ${reply.value.version} is published.`);
      return null;
    }
    if (reply.kind === "refused" && reply.code === "stale_draft") saving.heard(newerIn(reply.body));
    if (reply.kind === "refused" && reply.body["problems"]) this.problemsAre(reply.body["problems"] as unknown as Problem[]);
    return reply.detail;
  }

  tell(tone: Notice["tone"], text: string): void {
    this.update({ notice: { tone, text }, announcement: text });
  }

  announce(announcement: string): void {
    this.update({ announcement });
  }

  dismiss(): void {
    this.update({ notice: null });
  }

  /** The address of this workflow in the API. */
  path(): string {
    return `/api/workflows/${encodeURIComponent(this.parts.workflowId)}`;
  }

  private failedToLoad(replies: readonly Reply<unknown>[]): void {
    const failed = replies.filter((reply) => reply.kind !== "ok");
    if (failed.some((reply) => reply.kind === "refused" && reply.status === 401)) return this.parts.onSignedOut();
    this.update({ phase: "failed", failure: failed[0] ? wrongOf(failed[0]) : null });
  }

  private arrive(history: History<WorkflowDocument>, announcement = ""): void {
    const before = this.store.get();
    if (history === before.history) return;
    this.update({
      history,
      selection: within(before.selection, history.now),
      announcement: announcement || before.announcement,
    });
    this.saving?.change(history.now);
  }

  private saveStateIs(save: SaveState): void {
    this.update({ save });
    if (save.kind === "signed-out") this.parts.onSignedOut();
  }

  /** What an earlier visit left stays in the browser until somebody has decided about it. */
  private backup(): Backup {
    const { backup } = this.parts;
    const isOurs = (): boolean => this.store.get().kept === null;
    return {
      keep: (...work) => isOurs() && backup.keep(...work),
      drop: () => isOurs() && backup.drop(),
    };
  }

  private confirmedBy(draft: Draft): void {
    this.update({ latestVersion: draft.latest_version, isPublished: draft.draft_matches_version ?? false });
    this.problemsAre(draft.problems);
  }

  private problemsAre(problems: readonly Problem[]): void {
    if (JSON.stringify(problems) === JSON.stringify(this.store.get().problems)) return;
    this.update({
      problems,
      nodeProblems: countsBy(problems, "node_id"),
      transitionProblems: countsBy(problems, "transition_id"),
    });
  }

  private update(part: Partial<EditorState>): void {
    this.store.set({ ...this.store.get(), ...part });
  }
}

/** What of a selection is still there. */
function within(selection: Selection, document: WorkflowDocument): Selection {
  const keep = (ids: readonly string[], items: readonly { readonly id: string }[]): readonly string[] => {
    const there = new Set(items.map((item) => item.id));
    const kept = ids.filter((id) => there.has(id));
    return kept.length === ids.length ? ids : kept;
  };
  return {
    nodes: keep(selection.nodes, document.nodes),
    transitions: keep(selection.transitions, document.transitions),
    notes: keep(selection.notes, document.notes),
  };
}

function isSameSelection(one: Selection, other: Selection): boolean {
  const isSame = (ids: readonly string[], others: readonly string[]): boolean =>
    ids.length === others.length && ids.every((id, index) => id === others[index]);
  return isSame(one.nodes, other.nodes) && isSame(one.transitions, other.transitions) && isSame(one.notes, other.notes);
}

