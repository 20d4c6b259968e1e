/**
 * Autosave of a draft: the browser owns the drawing until the server has confirmed it.
 *
 * The whole document is sent half a second after the last change, never during a drag, with the revision that it
 * is based on. What is not confirmed is kept in the browser too and sent again; a newer draft is never overwritten
 * without being told to.
 */

import { isSame, readDocument, wire, type JsonObject, type WorkflowDocument } from "../document/document.ts";
import type { Draft, Reply, Send } from "./api.ts";

/** A draft that somebody else saved, or the same person in another tab: its revision, and the name of who did. */
export type Newer = { readonly revision: number; readonly by: string | null };

export type SaveState =
  | { readonly kind: "saved" | "changed" | "saving" }
  | { readonly kind: "offline"; readonly detail: string }
  | { readonly kind: "conflict"; readonly newer: Newer }
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "signed-out" };

/** Keeps the unconfirmed document of one workflow. */
export type Backup = {
  /** `base` is what the server has under that revision. */
  readonly keep: (document: WorkflowDocument, revision: number, base: WorkflowDocument) => void;
  readonly drop: () => void;
};

export type SavingParts = {
  readonly send: Send;
  readonly workflowId: string;
  readonly backup: Backup;
  readonly onState: (state: SaveState) => void;
  readonly onConfirmed: (draft: Draft) => void;
  /** How long after the last change, and how long until the first retry (it doubles up to half a minute). */
  readonly delayMs?: number;
  readonly retryMs?: number;
};

const LONGEST_RETRY_MS = 30_000;

export class Saving {
  private confirmed: WorkflowDocument;
  private current: WorkflowDocument;
  /** Of what was confirmed. */
  revision: number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private underway: Promise<void> | undefined;
  /** What was sent and never answered: the server may have it or not. */
  private unanswered: WorkflowDocument | null = null;
  private failures = 0;
  /** A drag goes on. */
  isHeld = false;
  private state: SaveState = { kind: "saved" };
  private readonly parts: SavingParts;

  constructor(parts: SavingParts, document: WorkflowDocument, revision: number) {
    this.parts = parts;
    this.confirmed = document;
    this.current = document;
    this.revision = revision;
  }

  get isDirty(): boolean {
    return this.current !== this.confirmed || this.unanswered !== null;
  }

  /** What the server is known to have, which both sides of a conflict began from. */
  get base(): WorkflowDocument {
    return this.confirmed;
  }

  /** Someone else saved this draft: from here on nothing is sent until that is settled. */
  heard(newer: Newer): void {
    const isNews = newer.revision > this.revision && !this.underway && !this.unanswered;
    if (isNews && !["conflict", "signed-out"].includes(this.state.kind)) {
      clearTimeout(this.timer);
      this.enter({ kind: "conflict", newer });
    }
  }

  /** Take the document as it is now; it goes out after a pause. */
  change(document: WorkflowDocument): void {
    if (document === this.current) return;
    this.current = document;
    this.parts.backup.keep(document, this.revision, this.confirmed);
    if (this.state.kind === "conflict" || this.state.kind === "signed-out") return;
    if (this.state.kind !== "offline") this.enter({ kind: "changed" });
    this.schedule();
  }

  /** A drag begins: nothing is sent until it is released. */
  hold(): void {
    this.isHeld = true;
    clearTimeout(this.timer);
  }

  release(): void {
    this.isHeld = false;
    if (this.isDirty) this.schedule();
  }

  /** Send at once what is unsaved; true once the server has all of it. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    while (this.underway) await this.underway;
    if (this.state.kind === "conflict") return false;
    if (this.isDirty) await this.push();
    else if (this.state.kind !== "saved") this.confirm(this.current);
    return !this.isDirty;
  }

  /** The network is back: do not wait for the next retry. */
  wake(): void {
    if (this.state.kind !== "offline") return;
    this.failures = 0;
    void this.flush();
  }

  /** In a conflict: send ours over theirs. */
  async overwrite(): Promise<boolean> {
    if (this.state.kind === "conflict") this.revision = this.state.newer.revision;
    this.enter({ kind: "changed" });
    return this.isDirty ? this.flush() : this.resend();
  }

  /** Ours is what was confirmed before theirs came: it has to be sent all the same. */
  private async resend(): Promise<boolean> {
    this.unanswered = this.current;
    return this.flush();
  }

  /** Take the server's draft as the confirmed one, after it was loaded anew. */
  rebase(document: WorkflowDocument, revision: number): void {
    clearTimeout(this.timer);
    this.confirmed = document;
    this.current = document;
    this.unanswered = null;
    this.revision = revision;
    this.parts.backup.drop();
    this.enter({ kind: "saved" });
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private schedule(after = this.parts.delayMs ?? 500): void {
    clearTimeout(this.timer);
    if (!this.isHeld) this.timer = setTimeout(() => void this.flush(), after);
  }

  private push(): Promise<void> {
    this.underway = this.put().finally(() => (this.underway = undefined));
    return this.underway;
  }

  private async put(): Promise<void> {
    const sent = this.current;
    if (!this.unanswered && isSame(sent, this.confirmed)) return this.confirm(sent);
    if (this.state.kind !== "offline") this.enter({ kind: "saving" });
    const reply = await this.parts.send<Draft>("PUT", this.path(), wire(sent), { "if-match": `"${this.revision}"` });
    if (reply.kind === "ok") return this.took(reply.value, sent);
    if (reply.kind === "unreachable") this.unanswered = sent;
    else if (reply.code === "stale_draft" && (await this.isOwn())) return this.put();
    return this.failed(reply);
  }

  private took(draft: Draft, sent: WorkflowDocument): void {
    this.revision = draft.revision;
    this.unanswered = null;
    this.parts.onConfirmed(draft);
    this.confirm(sent);
  }

  /** Whether the newer draft is what we sent ourselves, only that the answer was lost; then we go on from there. */
  private async isOwn(): Promise<boolean> {
    const sent = this.unanswered;
    if (!sent) return false;
    const reply = await this.parts.send<Draft>("GET", this.path());
    if (reply.kind !== "ok" || !isSame(readDocument(reply.value.draft), sent)) return false;
    this.revision = reply.value.revision;
    this.confirmed = sent;
    this.unanswered = null;
    this.parts.onConfirmed(reply.value);
    return true;
  }

  private path(): string {
    return `/api/workflows/${encodeURIComponent(this.parts.workflowId)}`;
  }

  private confirm(sent: WorkflowDocument): void {
    this.failures = 0;
    this.confirmed = sent;
    if (this.isDirty) {
      this.enter({ kind: "changed" });
      return this.schedule();
    }
    this.parts.backup.drop();
    return this.enter({ kind: "saved" });
  }

  private failed(reply: Exclude<Reply<Draft>, { kind: "ok" }>): void {
    if (reply.kind === "unreachable") {
      this.enter({ kind: "offline", detail: reply.detail });
      const wait = Math.min(LONGEST_RETRY_MS, (this.parts.retryMs ?? 1_000) * 2 ** this.failures);
      this.failures += 1;
      return this.schedule(wait);
    }
    if (reply.status === 401) return this.enter({ kind: "signed-out" });
    if (reply.code === "stale_draft") return this.enter({ kind: "conflict", newer: newerIn(reply.body) });
    return this.enter({ kind: "refused", detail: reply.detail });
  }

  private enter(state: SaveState): void {
    this.state = state;
    this.parts.onState(state);
  }
}

/** What whoever came with an older draft is answered. */
export function newerIn(body: JsonObject): Newer {
  const { revision, saved_by_name: by } = body;
  return { revision: Number(revision), by: typeof by === "string" ? by : null };
}

/** What others are told of a draft that was saved. */
export function newerOf(draft: Draft): Newer {
  return { revision: draft.revision, by: draft.saved_by_name ?? null };
}
