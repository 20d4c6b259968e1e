/** The node types at the left: dragged onto the canvas, or added with a click or Enter. */

import { StickyNote } from "lucide-react";
import { TypeTile } from "../icons.tsx";
import { DRAG_TYPE } from "../flow/canvas.tsx";
import { addInView, NOTE_TYPE } from "../state/adding.ts";
import { shelves } from "../state/catalogue.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";

export function Palette({ editor }: { readonly editor: Editor }) {
  const catalogue = useStore(editor.store, (state) => state.catalogue);
  return (
    <nav aria-label="Node types" data-region="palette" className="hidden w-44 shrink-0 flex-col gap-3 overflow-y-auto border-r border-line bg-panel p-2.5 lg:flex" data-testid="palette">
      {shelves(catalogue).map((shelf) => (
        <section key={shelf.title} aria-label={shelf.title}>
          <h2 className="px-1 pb-1 text-2xs font-semibold uppercase tracking-wider text-mute">{shelf.title}</h2>
          {shelf.types.map((type) => (
            <Item key={type.type} editor={editor} type={type.type} title={type.title} help={type.description}>
              <TypeTile type={type.type} icon={type.icon} size={15} />
            </Item>
          ))}
        </section>
      ))}
      <section aria-label="For people">
        <h2 className="px-1 pb-1 text-2xs font-semibold uppercase tracking-wider text-mute">For people</h2>
        <Item editor={editor} type={NOTE_TYPE} title="Note" help="A sticky note on the canvas, without meaning for a run.">
          <span className="oc-tile oc-tile-square"><StickyNote size={15} aria-hidden /></span>
        </Item>
      </section>
      <p className="mt-auto px-1 text-2xs leading-4 text-mute">Drag onto the canvas, or press <kbd className="font-mono">N</kbd>.</p>
    </nav>
  );
}

type ItemProps = { readonly editor: Editor; readonly type: string; readonly title: string; readonly help: string; readonly children: React.ReactNode };

function Item({ editor, type, title, help, children }: ItemProps) {
  return (
    <button
      type="button"
      draggable
      title={help}
      aria-label={`Add ${title}`}
      data-testid={`palette-${type}`}
      className="flex w-full cursor-grab items-center gap-2 rounded-md p-1 text-left text-sm hover:bg-hover active:cursor-grabbing"
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAG_TYPE, type);
        event.dataTransfer.effectAllowed = "copy";
      }}
      onClick={() => addInView(editor, type)}
    >
      {children}
      {title}
    </button>
  );
}
