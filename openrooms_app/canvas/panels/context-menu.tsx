/** What can be done with what was pressed with the right button, or the menu key: commands of the one table, by their names. */

import { useEffect, useRef, type KeyboardEvent } from "react";
import { nodeOf, type WorkflowNode } from "../document/document.ts";
import { canPin, canTry } from "../document/trial.ts";
import { COMMANDS, type Command } from "../state/commands.ts";
import type { Editor, Overlay } from "../state/editor.ts";
import { Key } from "./key.tsx";
import { useOutside } from "./picker.tsx";

type MenuOverlay = Extract<Overlay, { kind: "menu" }>;

/** Ids of commands in the order shown; "" parts them. */
const OF_NODE = ["open", "rename", "add-after", "connect", "", "run-until", "run-alone", "pin", "", "duplicate", "disable", "link", "", "heal", "delete"];
const OF_WAY = ["open", "quick-add", "", "delete"];
const OF_SEVERAL = ["tidy", "duplicate", "disable", "", "delete"];
const OF_NOTE = ["open", "duplicate", "", "delete"];
const OF_CANVAS = ["quick-add", "select-all", "tidy", "", "fit", "find", "palette", "versions"];

/** Here it is plain what is meant, so the words are fewer than in the table. */
const WORDS: Readonly<Record<string, string>> = {
  open: "Settings", "add-after": "Add a node after it …", connect: "Connect it to …", "run-until": "Run until here …", "run-alone": "Run it alone …",
  pin: "Pin its last output, or unpin", disable: "Disable, or enable", link: "Copy a link", heal: "Delete, join neighbours", delete: "Delete",
  "quick-add": "Add a node …", tidy: "Tidy up", fit: "Show everything", find: "Find and replace …", palette: "All commands …", versions: "Versions …",
};

const WIDTH = 270;
const ROW = 28;

export function ContextMenu({ editor, overlay }: { readonly editor: Editor; readonly overlay: MenuOverlay }) {
  const close = (): void => editor.overlay.set(null);
  const box = useOutside(close);
  const list = useRef<HTMLDivElement>(null);
  const ids = entriesFor(editor);
  useEffect(() => list.current?.querySelector("button")?.focus({ preventScroll: true }), []);
  const run = (command: Command): void => {
    close();
    if (command.id === "quick-add" && !editor.store.get().selection.transitions.length) editor.overlay.set({ kind: "quick-add", screen: overlay.screen, at: overlay.at, wiring: null });
    else command.run(editor);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const items = [...(list.current?.querySelectorAll("button") ?? [])];
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (step) items[(items.indexOf(document.activeElement as HTMLButtonElement) + step + items.length) % items.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={box} className="oc-menu" style={placeOf(overlay, ids.length)} role="dialog" aria-label="What can be done here" data-testid="context-menu">
      <div ref={list} role="menu" aria-label="Commands" onKeyDown={onKeyDown}>
        {ids.map((id, index) => (id ? <Item key={id} editor={editor} command={COMMANDS.find((each) => each.id === id)!} onRun={run} /> : <hr key={index} className="my-1 border-line" />))}
      </div>
    </div>
  );
}

type ItemProps = { readonly editor: Editor; readonly command: Command; readonly onRun: (command: Command) => void };

function Item({ editor, command, onRun }: ItemProps) {
  return (
    <button type="button" role="menuitem" tabIndex={-1} onClick={() => onRun(command)} onPointerMove={(event) => event.currentTarget.focus({ preventScroll: true })}
      className="flex h-7 w-full cursor-pointer items-center gap-2 rounded-md px-2 text-left text-sm outline-none focus:bg-hover">
      <span className="flex-1 truncate">{WORDS[command.id] ?? command.title}</span>
      {editor.keymap.keysOf(command).slice(0, 1).map((key) => <Key key={key} name={key} />)}
    </button>
  );
}

function entriesFor(editor: Editor): readonly string[] {
  const { nodes, transitions, notes } = editor.store.get().selection;
  const node = nodeOf(editor.document, nodes[0] ?? "");
  if (nodes.length + transitions.length + notes.length > 1) return OF_SEVERAL;
  if (node) return suiting(node);
  if (transitions.length) return OF_WAY;
  return notes.length ? OF_NOTE : OF_CANVAS;
}

/** START and END are run, pinned and disabled by nobody. */
function suiting(node: WorkflowNode): readonly string[] {
  const refused = [canTry(node, "until") ? "" : "run-until", canTry(node, "only") ? "" : "run-alone", ...(canPin(node) ? [] : ["pin", "disable"])];
  const ids = OF_NODE.filter((id) => !id || !refused.includes(id));
  return ids.filter((id, index) => id || ids[index + 1]);
}

function placeOf({ screen }: MenuOverlay, rows: number): { left: number; top: number; width: number } {
  return {
    width: WIDTH,
    left: Math.max(8, Math.min(screen.x, window.innerWidth - WIDTH - 8)),
    top: Math.max(8, Math.min(screen.y, window.innerHeight - rows * ROW - 16)),
  };
}
