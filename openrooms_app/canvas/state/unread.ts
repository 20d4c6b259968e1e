/**
 * What was typed into fields and can't be read yet, as half of a JSON value: the document can't hold it, so it waits here.
 * A click elsewhere never loses it: its field shows it again, as long as the document still has what it was to replace.
 */

import type { Json, WorkflowDocument } from "../document/document.ts";
import type { Selection } from "../document/operations.ts";
import { createStore, type Store } from "./store.ts";

export type Unread = { readonly text: string; readonly fault: string; readonly standsFor: Json | undefined };

export class UnreadTexts {
  private readonly store: Store<ReadonlyMap<string, Unread>> = createStore<ReadonlyMap<string, Unread>>(new Map());

  get(place: string): Unread | null {
    return this.store.get().get(place) ?? null;
  }

  /** Null: the field holds nothing of the kind any more. */
  put(place: string, unread: Unread | null): void {
    if (!unread && !this.store.get().has(place)) return;
    const next = new Map(this.store.get());
    if (unread) next.set(place, unread);
    else next.delete(place);
    this.store.set(next);
  }

  /** The nodes and transitions of this document in whose fields some stand. */
  ownersIn(document: WorkflowDocument): string[] {
    const ids = new Set([...document.nodes.map(({ id }) => `nodes/${id}`), ...document.transitions.map(({ id }) => `transitions/${id}`), "workflow/"]);
    const owners = [...this.store.get().keys()].map((place) => place.split("/").slice(0, 2).join("/"));
    return [...new Set(owners)].filter((owner) => ids.has(owner)).map((owner) => owner.slice(owner.indexOf("/") + 1));
  }
}

/** Where a field stands: what is selected, and the path in it. */
export function placeOf({ nodes, transitions }: Selection, path: readonly string[]): string {
  const [owner] = [...nodes.map((id) => `nodes/${id}`), ...transitions.map((id) => `transitions/${id}`), "workflow/"];
  return `${owner}/${path.join("/")}`;
}
