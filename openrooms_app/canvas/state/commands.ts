/** Every command of the editor with its keys: one table, which the palette and the key sheet show and the keyboard obeys. */

import { goToRegion } from "../../components/regions.ts";
import { MAIN } from "../document/connecting.ts";
import { nodeOf } from "../document/document.ts";
import { NOTHING } from "../document/operations.ts";
import { countOf } from "../document/problems.ts";
import { align, distribute, nudge, tidy } from "./arranging.ts";
import type { Editor, Wiring } from "./editor.ts";
import { askRun, pinOrUnpin, tryNode } from "./trying.ts";
import { deleteSelected, duplicate, heal, onlyNode, selectAll, toggleDisabled } from "./selected.ts";
import { openSettings, walk } from "./walking.ts";

export type Group = "Build" | "Edit" | "Arrange" | "Go" | "View" | "Run" | "Workflow";

export type Command = {
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  /** As "Mod+Shift+Z"; Mod is Ctrl, on a Mac ⌘. */
  readonly keys: readonly string[];
  /** Whether it also works while a field has the focus. */
  readonly isGlobal?: boolean;
  /** Whether its keys mean this only on the canvas: elsewhere they press a button or scroll. */
  readonly isOfCanvas?: boolean;
  /** Whether it changes nothing, so that a viewer has it too. */
  readonly isReading?: boolean;
  readonly run: (editor: Editor) => void;
};

const BUILD: readonly Command[] = [
  { id: "quick-add", group: "Build", title: "Add a node", keys: ["N"], run: quickAdd },
  { id: "add-after", group: "Build", title: "Add a node after the selected one", keys: ["Shift+N"], run: addAfter },
  { id: "connect", group: "Build", title: "Connect the selected node to …", keys: ["C"], run: connectTo },
  { id: "rename", group: "Build", title: "Rename", keys: ["F2"], run: (editor) => openSettings(editor, true) },
  { id: "open", group: "Build", title: "Open the settings of what is selected", keys: ["Enter"], isOfCanvas: true, isReading: true, run: (editor) => openSettings(editor) },
];

const EDIT: readonly Command[] = [
  { id: "undo", group: "Edit", title: "Undo", keys: ["Mod+Z"], run: (editor) => editor.undo() },
  { id: "redo", group: "Edit", title: "Redo", keys: ["Mod+Shift+Z", "Mod+Y"], run: (editor) => editor.redo() },
  { id: "delete", group: "Edit", title: "Delete what is selected", keys: ["Delete", "Backspace"], run: deleteSelected },
  { id: "heal", group: "Edit", title: "Delete a node and join its neighbours", keys: ["Mod+Delete", "Mod+Backspace"], run: heal },
  { id: "duplicate", group: "Edit", title: "Duplicate", keys: ["Mod+D"], run: duplicate },
  { id: "select-all", group: "Edit", title: "Select everything", keys: ["Mod+A"], run: selectAll },
  { id: "disable", group: "Edit", title: "Disable what is selected, or enable it", keys: ["D"], run: toggleDisabled },
  { id: "deselect", group: "Edit", title: "Select nothing", keys: ["Escape"], isReading: true, run: leave },
  { id: "find", group: "Edit", title: "Find and replace in all fields", keys: ["Mod+F"], isGlobal: true, isReading: true, run: (editor) => editor.overlay.set({ kind: "find" }) },
];

const ARRANGE: readonly Command[] = [
  { id: "tidy", group: "Arrange", title: "Tidy up: lay out the selection, or everything", keys: ["Shift+T"], run: (editor) => void tidy(editor) },
  { id: "align-left", group: "Arrange", title: "Align left", keys: ["Alt+A"], run: (editor) => align(editor, "left") },
  { id: "align-centre", group: "Arrange", title: "Align centres", keys: ["Alt+H"], run: (editor) => align(editor, "centre") },
  { id: "align-right", group: "Arrange", title: "Align right", keys: ["Alt+D"], run: (editor) => align(editor, "right") },
  { id: "align-top", group: "Arrange", title: "Align top", keys: ["Alt+W"], run: (editor) => align(editor, "top") },
  { id: "align-middle", group: "Arrange", title: "Align middles", keys: ["Alt+V"], run: (editor) => align(editor, "middle") },
  { id: "align-bottom", group: "Arrange", title: "Align bottom", keys: ["Alt+S"], run: (editor) => align(editor, "bottom") },
  { id: "spread-across", group: "Arrange", title: "Spread evenly from left to right", keys: ["Alt+Shift+H"], run: (editor) => distribute(editor, "x") },
  { id: "spread-down", group: "Arrange", title: "Spread evenly from top to bottom", keys: ["Alt+Shift+V"], run: (editor) => distribute(editor, "y") },
  ...moves("", 1),
  ...moves("Shift+", 5),
];

const GO: readonly Command[] = [
  { id: "walk-right", group: "Go", title: "Go on along a way", keys: ["ArrowRight"], isOfCanvas: true, isReading: true, run: (editor) => walk(editor, "right") },
  { id: "walk-left", group: "Go", title: "Go back along a way", keys: ["ArrowLeft"], isOfCanvas: true, isReading: true, run: (editor) => walk(editor, "left") },
  { id: "walk-up", group: "Go", title: "Go to the node above", keys: ["ArrowUp"], isOfCanvas: true, isReading: true, run: (editor) => walk(editor, "up") },
  { id: "walk-down", group: "Go", title: "Go to the node below", keys: ["ArrowDown"], isOfCanvas: true, isReading: true, run: (editor) => walk(editor, "down") },
  { id: "walk-next", group: "Go", title: "Go to the next node or transition", keys: ["PageDown"], isOfCanvas: true, isReading: true, run: (editor) => walk(editor, "next") },
  { id: "walk-previous", group: "Go", title: "Go to the one before", keys: ["PageUp"], isOfCanvas: true, isReading: true, run: (editor) => walk(editor, "previous") },
  { id: "walk-first", group: "Go", title: "Go to the first", keys: ["Home"], isOfCanvas: true, isReading: true, run: (editor) => walk(editor, "first") },
  { id: "walk-last", group: "Go", title: "Go to the last", keys: ["End"], isOfCanvas: true, isReading: true, run: (editor) => walk(editor, "last") },
  { id: "next-region", group: "Go", title: "Go to the next part of the page", keys: ["F6"], isGlobal: true, isReading: true, run: () => goToRegion(1) },
  { id: "previous-region", group: "Go", title: "Go to the part of the page before", keys: ["Shift+F6"], isGlobal: true, isReading: true, run: () => goToRegion(-1) },
];

const VIEW: readonly Command[] = [
  { id: "palette", group: "View", title: "Find a command or a node", keys: ["Mod+K"], isGlobal: true, isReading: true, run: (editor) => editor.overlay.set({ kind: "palette" }) },
  { id: "fit", group: "View", title: "Show the whole workflow", keys: ["Shift+1", "F"], isReading: true, run: (editor) => editor.view?.fit() },
  { id: "actual-size", group: "View", title: "Zoom to 100 %", keys: ["Shift+0"], isReading: true, run: (editor) => editor.view?.actualSize() },
  { id: "keys", group: "View", title: "Show and change the keys", keys: ["?"], isReading: true, run: (editor) => editor.overlay.set({ kind: "keys" }) },
];

const RUN: readonly Command[] = [
  { id: "run", group: "Run", title: "Run …", keys: ["R"], run: (editor) => askRun(editor) },
  { id: "run-until", group: "Run", title: "Run until the selected node …", keys: ["Shift+R"], run: (editor) => tryNode(editor, "until") },
  { id: "run-alone", group: "Run", title: "Run the selected node alone …", keys: ["Alt+R"], run: (editor) => tryNode(editor, "only") },
  { id: "pin", group: "Run", title: "Pin the last output of the selected node, or unpin it", keys: ["P"], run: pinOrUnpin },
];

const WORKFLOW: readonly Command[] = [
  { id: "publish", group: "Workflow", title: "Publish a version", keys: ["Mod+Enter"], run: askPublish },
  { id: "save", group: "Workflow", title: "Save now", keys: ["Mod+S"], isGlobal: true, run: (editor) => void editor.flush() },
  { id: "versions", group: "Workflow", title: "Versions: look, compare, restore", keys: ["Shift+V"], isReading: true, run: (editor) => editor.overlay.set({ kind: "versions" }) },
  { id: "link", group: "Workflow", title: "Copy a link to the selected node", keys: ["Shift+L"], isReading: true, run: (editor) => void copyLink(editor) },
  { id: "export", group: "Workflow", title: "Export as a file", keys: [], isReading: true, run: (editor) => location.assign(`${editor.path()}/export`) },
  { id: "all", group: "Workflow", title: "Leave: all workflows", keys: [], isReading: true, run: () => location.assign("/workflows") },
];

export const COMMANDS: readonly Command[] = [...BUILD, ...EDIT, ...ARRANGE, ...GO, ...VIEW, ...RUN, ...WORKFLOW];

/** What hands do without a command: for the key sheet. */
export const GESTURES: readonly { readonly title: string; readonly keys: readonly string[] }[] = [
  { title: "Copy, cut, paste (also between workflows, as JSON)", keys: ["Mod+C", "Mod+X", "Mod+V"] },
  { title: "Select several: a box, or one by one", keys: ["Shift+drag", "Shift+click"] },
  { title: "See who writes and who reads a variable", keys: ["hold Shift"] },
  { title: "Add a node where the canvas is empty", keys: ["double-click"] },
  { title: "See what can be done with what is there", keys: ["right-click"] },
];

function moves(shift: string, steps: number): Command[] {
  const ways = [["Right", 1, 0], ["Left", -1, 0], ["Up", 0, -1], ["Down", 0, 1]] as const;
  return ways.map(([side, x, y]) => ({
    id: `move-${side.toLowerCase()}${shift ? "-far" : ""}`,
    group: "Arrange",
    title: `Move ${side.toLowerCase()}${shift ? ", five steps" : ""}`,
    keys: [`Mod+${shift}Arrow${side}`],
    isOfCanvas: true,
    run: (editor) => nudge(editor, x * steps, y * steps),
  }));
}

/** Ask for a node: into the selected transition, else where the pointer is, else in the middle of the screen. */
export function quickAdd(editor: Editor): void {
  const { nodes, transitions } = editor.store.get().selection;
  const way = !nodes.length && transitions.length === 1 ? transitions[0] : undefined;
  ask(editor, way ? { kind: "splice", transition: way } : null);
}

/** Where there are no keys: after the selected node, unless a run ends there. */
export function addHere(editor: Editor): void {
  const node = nodeOf(editor.document, onlyNode(editor) ?? "");
  if (node && node.type !== "END") addAfter(editor);
  else quickAdd(editor);
}

function addAfter(editor: Editor): void {
  const source = onlyNode(editor);
  if (source) ask(editor, { kind: "after", source, handle: MAIN });
  else editor.tell("info", "Select the node that comes before.");
}

function ask(editor: Editor, wiring: Wiring | null): void {
  const { at, screen } = editor.view?.placeFor(wiring) ?? { at: { x: 0, y: 0 }, screen: { x: 400, y: 300 } };
  editor.overlay.set({ kind: "quick-add", screen, at, wiring });
}

function connectTo(editor: Editor): void {
  const source = onlyNode(editor);
  if (source) editor.overlay.set({ kind: "connect", source });
  else editor.tell("info", "Select the node that the connection leaves from.");
}

/** Out of what lies over the canvas, else out of the selection. */
function leave(editor: Editor): void {
  if (editor.overlay.get()) editor.overlay.set(null);
  else editor.select(NOTHING);
}

function askPublish(editor: Editor): void {
  const { problems, isPublished } = editor.store.get();
  const { errors } = countOf(problems);
  if (errors) editor.tell("info", `${errors === 1 ? "An error stands" : `${errors} errors stand`} in the way of publishing.`);
  else if (isPublished) editor.tell("info", "Nothing has changed since the latest version.");
  else editor.overlay.set({ kind: "publish" });
}

async function copyLink(editor: Editor): Promise<void> {
  const node = onlyNode(editor);
  const link = `${location.origin}${location.pathname}${node ? `?node=${encodeURIComponent(node)}` : ""}`;
  try {
    await navigator.clipboard.writeText(link);
    editor.tell("info", node ? `A link to ${node} is on the clipboard.` : "A link to the workflow is on the clipboard.");
  } catch {
    editor.tell("info", link);
  }
}
