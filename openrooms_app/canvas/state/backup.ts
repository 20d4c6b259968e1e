/** The unconfirmed document of a workflow in the browser's own storage, so that no reload or crash loses it. */

import { isSame, readDocument, wire, type JsonObject, type WorkflowDocument } from "../document/document.ts";
import type { Backup } from "./saving.ts";

export type Kept = {
  readonly document: WorkflowDocument;
  /** What it was made from, and under which revision the server had that. */
  readonly base: WorkflowDocument;
  readonly revision: number;
  readonly at: number;
};

function keyOf(workflowId: string): string {
  return `openrooms.draft.${workflowId}`;
}

/** It changes only when the server has confirmed something, and is not written again with each letter. */
function baseOf(workflowId: string): string {
  return `${keyOf(workflowId)}.base`;
}

/** Keeps in `storage` under the workflow's id; a full or forbidden storage is reported once through `onFault`. */
export function backupIn(storage: Storage, workflowId: string, onFault: () => void): Backup {
  let isFine = true;
  let began: WorkflowDocument | null = null;
  return {
    keep: (document, revision, base) => {
      try {
        if (base !== began) storage.setItem(baseOf(workflowId), JSON.stringify(wire(base)));
        began = base;
        storage.setItem(keyOf(workflowId), JSON.stringify({ document: wire(document), revision, at: Date.now() }));
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        if (isFine) onFault();
        isFine = false;
      }
    },
    drop: () => {
      began = null;
      forget(storage, workflowId);
    },
  };
}

function forget(storage: Storage, workflowId: string): void {
  storage.removeItem(keyOf(workflowId));
  storage.removeItem(baseOf(workflowId));
}

/** What an earlier visit left unconfirmed; null when there is nothing, or the server has the same. */
export function keptIn(storage: Storage, workflowId: string, server: WorkflowDocument): Kept | null {
  const text = storage.getItem(keyOf(workflowId));
  if (!text) return null;
  try {
    const raw = JSON.parse(text) as JsonObject;
    const document = readDocument(raw["document"] as JsonObject);
    const base = storage.getItem(baseOf(workflowId));
    const from = base ? readDocument(JSON.parse(base) as JsonObject) : server;
    if (!isSame(document, server)) return { document, base: from, revision: Number(raw["revision"]), at: Number(raw["at"]) };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  forget(storage, workflowId);
  return null;
}
