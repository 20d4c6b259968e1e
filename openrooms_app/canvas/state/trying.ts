/** Trying out from the editor: a run until a node, one node alone, an output pinned. */

import { nodeOf, titleOf } from "../document/document.ts";
import { canPin, canTry, type Try } from "../document/trial.ts";
import { countOf } from "../document/problems.ts";
import type { Editor } from "./editor.ts";
import { onlyNode } from "./selected.ts";

/** Open what asks for a run; only versions run, and the first is published there. */
export function askRun(editor: Editor, tries?: Try): void {
  const { latestVersion, problems } = editor.store.get();
  const { errors } = countOf(problems);
  if (latestVersion === null && errors) editor.tell("info", `Only versions run: ${errors === 1 ? "an error keeps" : `${errors} errors keep`} the draft from becoming the first.`);
  else editor.overlay.set(tries ? { kind: "run", tries } : { kind: "run" });
}

export function tryNode(editor: Editor, kind: Try["kind"]): void {
  const node = chosen(editor, kind === "until" ? "to run until" : "to run alone");
  if (!node) return;
  if (canTry(node, kind)) askRun(editor, { kind, node: node.id });
  else editor.tell("info", kind === "until" ? "A run can end after any node between START and END." : "A step, a WAIT or a DECISION can run alone.");
}

/** Pin what the node gave in the latest run; a pinned one is let go. */
export function pinOrUnpin(editor: Editor): void {
  const node = chosen(editor, "to pin");
  if (!node) return;
  if (!canPin(node)) return editor.tell("info", "A step or a WAIT has an output that can be pinned.");
  if (editor.pins.has(node.id)) return unpin(editor, node.id);
  if (!pinLast(editor, node.id)) editor.tell("info", `${titleOf(node)} gave nothing in the latest run. Give it one of your own: “Pin” in its settings.`);
}

/** Whether the latest run has an output of this node that can be pinned. */
export function pinLast(editor: Editor, nodeId: string): boolean {
  const last = editor.runs.latest.get()?.steps.get(nodeId);
  if (last?.status !== "done" && last?.status !== "pinned") return false;
  pin(editor, nodeId, last.output);
  return true;
}

export function pin(editor: Editor, nodeId: string, output: Parameters<Editor["pins"]["pin"]>[1]): void {
  const isNew = !editor.pins.has(nodeId);
  if (!editor.pins.pin(nodeId, output)) editor.tell("error", "This browser can't keep the pin: its storage is full or forbidden. It holds for this visit.");
  else if (isNew) editor.announce(`${nodeId} is pinned: a trial does not execute it.`);
}

export function unpin(editor: Editor, nodeId: string): void {
  editor.pins.unpin(nodeId);
  editor.announce(`${nodeId} is not pinned any more.`);
}

function chosen(editor: Editor, what: string) {
  const id = onlyNode(editor);
  if (!id) editor.tell("info", `Select the node ${what}.`);
  return id ? nodeOf(editor.document, id) : undefined;
}
