/** The box at the pointer in which a node type is chosen by name: type, arrows, Enter; Mod+Enter keeps it open. */

import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { TypeTile } from "../icons.tsx";
import { add } from "../state/adding.ts";
import { offersIn, type Offer } from "../state/catalogue.ts";
import type { Editor, Overlay } from "../state/editor.ts";
import { MAIN } from "../document/connecting.ts";
import { nodeOf } from "../document/document.ts";
import { freePlace } from "../document/layout.ts";
import { useStore } from "../state/use-store.ts";

type QuickAddOverlay = Extract<Overlay, { kind: "quick-add" }>;
const WIDTH = 340;
const HEIGHT = 360;

export function QuickAdd({ editor, overlay }: { readonly editor: Editor; readonly overlay: QuickAddOverlay }) {
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const hasStart = useStore(editor.store, ({ history }) => history.now.nodes.some((node) => node.type === "START"));
  const found = matching(offersIn(catalogue).filter(({ type }) => !(hasStart && type === "START")), text, overlay);
  const current = Math.min(chosen, found.length - 1);
  const close = (): void => editor.overlay.set(null);
  useEffect(() => {
    const onPointer = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) editor.overlay.set(null);
    };
    document.addEventListener("pointerdown", onPointer, true);
    return () => document.removeEventListener("pointerdown", onPointer, true);
  }, [editor]);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current, text]);
  const pick = (offer: Offer, isChained: boolean): void => {
    const id = add(editor, offer.id, overlay.at, overlay.wiring);
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
        placeholder="Add a node: a type or a tool …"
        aria-label="Find a node type or a tool"
        role="combobox"
        aria-expanded
        aria-controls="oc-quick-list"
        aria-activedescendant={found[current] ? `oc-quick-${current}` : undefined}
        className="h-10 w-full border-b border-line bg-transparent px-3 text-sm outline-none placeholder:text-mute"
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="oc-quick-list" ref={list} role="listbox" aria-label="Node types and tools" className="max-h-72 overflow-y-auto p-1">
        {found.map((offer, index) => (
          <li
            key={offer.id}
            id={`oc-quick-${index}`}
            role="option"
            aria-selected={index === current}
            className={`flex cursor-pointer items-center gap-2.5 rounded-md p-1.5 ${index === current ? "bg-hover" : ""}`}
            onPointerMove={() => setChosen(index)}
            onClick={(event) => pick(offer, event.ctrlKey || event.metaKey)}
          >
            <TypeTile type={offer.type} icon={offer.icon} size={15} />
            <span className="min-w-0">
              <span className="block text-sm leading-4">{offer.title}{offer.config && <span className="ml-1.5 text-2xs text-mute">tool</span>}</span>
              <span className="block truncate text-2xs text-mute" title={offer.description}>{offer.description.split("\n")[0]}</span>
            </span>
          </li>
        ))}
        {!found.length && <li className="px-2 py-3 text-sm text-mute">No node type and no tool is called “{text}”.</li>}
      </ul>
      <p className="border-t border-line px-3 py-1.5 text-2xs text-mute pointer-coarse:hidden">Enter adds · Ctrl+Enter adds and goes on · Esc closes</p>
    </div>
  );
}

/** Types before tools, what begins with the text before what has it somewhere. */
function matching(offers: readonly Offer[], text: string, { wiring }: QuickAddOverlay): Offer[] {
  const wanted = text.trim().toLowerCase();
  const rank = ({ title }: Offer): number => (title.toLowerCase().startsWith(wanted) ? 0 : title.toLowerCase().includes(wanted) ? 1 : 2);
  return offers
    .filter(({ type }) => !(wiring && type === "START") && !(wiring?.kind === "before" && type === "END"))
    .filter(({ id, title, description }) => `${title} ${id} ${description}`.toLowerCase().includes(wanted))
    .sort((one, other) => rank(one) - rank(other));
}

function placeOf({ screen }: QuickAddOverlay): { left: number; top: number } {
  return {
    left: Math.max(8, Math.min(screen.x, window.innerWidth - WIDTH - 8)),
    top: Math.max(8, Math.min(screen.y, window.innerHeight - HEIGHT - 8)),
  };
}
