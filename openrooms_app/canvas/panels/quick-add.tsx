/** The box at the pointer in which a node type is chosen by name: type, arrows, Enter; Mod+Enter keeps it open. */

import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { TypeTile } from "../icons.tsx";
import { add } from "../state/adding.ts";
import { shelves, type NodeType } from "../state/catalogue.ts";
import type { Editor, Overlay } from "../state/editor.ts";
import { MAIN } from "../document/connecting.ts";
import { nodeOf } from "../document/document.ts";
import { freePlace } from "../document/layout.ts";
import { useStore } from "../state/use-store.ts";

type QuickAddOverlay = Extract<Overlay, { kind: "quick-add" }>;
const WIDTH = 280;
const HEIGHT = 360;

export function QuickAdd({ editor, overlay }: { readonly editor: Editor; readonly overlay: QuickAddOverlay }) {
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const found = matching(shelves(catalogue).flatMap((shelf) => shelf.types), text, overlay);
  const current = Math.min(chosen, found.length - 1);
  const close = (): void => editor.overlay.set(null);
  useEffect(() => {
    const onPointer = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) editor.overlay.set(null);
    };
    document.addEventListener("pointerdown", onPointer, true);
    return () => document.removeEventListener("pointerdown", onPointer, true);
  }, [editor]);
  const pick = (type: NodeType, isChained: boolean): void => {
    const id = add(editor, type.type, overlay.at, overlay.wiring);
    if (!id || !isChained) return close();
    const taken = editor.document.nodes.flatMap(({ position }) => position ?? []);
    const corner = freePlace({ x: overlay.at.x + 180, y: overlay.at.y - 24 }, taken);
    const at = { x: corner.x + 108, y: corner.y + 24 };
    const isLast = nodeOf(editor.document, id)?.type === "END";
    setText("");
    setChosen(0);
    editor.overlay.set({ ...overlay, at, wiring: isLast ? null : { kind: "after", source: id, handle: MAIN } });
    return undefined;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") setChosen(Math.min(current + 1, found.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(current - 1, 0));
    else if (event.key === "Enter" && found[current]) pick(found[current], event.ctrlKey || event.metaKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={box} className="oc-quick" style={placeOf(overlay)} role="dialog" aria-label="Add a node" data-testid="quick-add">
      <input
        autoFocus
        value={text}
        placeholder="Add a node…"
        aria-label="Find a node type"
        role="combobox"
        aria-expanded
        aria-controls="oc-quick-list"
        aria-activedescendant={found[current] ? `oc-quick-${found[current].type}` : undefined}
        className="h-10 w-full border-b border-line bg-transparent px-3 text-sm outline-none placeholder:text-mute"
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="oc-quick-list" role="listbox" aria-label="Node types" className="max-h-64 overflow-y-auto p-1">
        {found.map((type, index) => (
          <li
            key={type.type}
            id={`oc-quick-${type.type}`}
            role="option"
            aria-selected={index === current}
            className={`flex cursor-pointer items-center gap-2.5 rounded-md p-1.5 ${index === current ? "bg-hover" : ""}`}
            onPointerMove={() => setChosen(index)}
            onClick={(event) => pick(type, event.ctrlKey || event.metaKey)}
          >
            <TypeTile type={type.type} icon={type.icon} size={15} />
            <span className="min-w-0">
              <span className="block text-sm leading-4">{type.title}</span>
              <span className="block truncate text-2xs text-mute">{type.description.split("\n")[0]}</span>
            </span>
          </li>
        ))}
        {!found.length && <li className="px-2 py-3 text-sm text-mute">No node type is called “{text}”.</li>}
      </ul>
      <p className="border-t border-line px-3 py-1.5 text-2xs text-mute pointer-coarse:hidden">Enter adds · Ctrl+Enter adds and goes on · Esc closes</p>
    </div>
  );
}

function matching(types: readonly NodeType[], text: string, { wiring }: QuickAddOverlay): NodeType[] {
  const wanted = text.trim().toLowerCase();
  return types
    .filter((type) => !(wiring && type.type === "START") && !(wiring?.kind === "before" && type.type === "END"))
    .filter((type) => `${type.title} ${type.type} ${type.description}`.toLowerCase().includes(wanted))
    .sort((one, other) => Number(!one.title.toLowerCase().startsWith(wanted)) - Number(!other.title.toLowerCase().startsWith(wanted)));
}

function placeOf({ screen }: QuickAddOverlay): { left: number; top: number } {
  return {
    left: Math.max(8, Math.min(screen.x, window.innerWidth - WIDTH - 8)),
    top: Math.max(8, Math.min(screen.y, window.innerHeight - HEIGHT - 8)),
  };
}
