/** The column beside the canvas: all that can be said of what is selected, or of the workflow when nothing is. */

import { useDeferredValue, useEffect, useRef } from "react";
import {
  AlignCenterHorizontal, AlignCenterVertical, AlignEndHorizontal, AlignEndVertical, AlignHorizontalSpaceAround, AlignStartHorizontal,
  AlignStartVertical, AlignVerticalSpaceAround, Copy, Layers, Trash2, Wand2, X, type LucideIcon,
} from "lucide-react";
import { IconButton } from "../../components/kit.tsx";
import { nodeOf, transitionOf } from "../document/document.ts";
import type { Selection } from "../document/operations.ts";
import { deleteSelected, duplicate } from "../state/selected.ts";
import { keyText } from "../panels/key.tsx";
import { COMMANDS } from "../state/commands.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { LiveContext } from "./live.tsx";
import { NodeInspector } from "./node-inspector.tsx";
import { NoteInspector } from "./note-inspector.tsx";
import { Header, TextButton } from "./parts.tsx";
import { TransitionInspector } from "./transition-inspector.tsx";
import { WorkflowInspector } from "./workflow-inspector.tsx";
import "./inspector.css";

type Props = {
  readonly editor: Editor;
  /** Whoever may not edit sees everything, greyed. */
  readonly canEdit?: boolean;
  /** Only a narrow screen asks: a wide one always has the column. */
  readonly isOpen: boolean;
  readonly onClose: () => void;
};

export function Inspector({ editor, canEdit = true, isOpen, onClose }: Props) {
  const isReady = useStore(editor.store, (state) => state.phase === "ready");
  // The canvas is drawn first: all these fields together take as long as its cards.
  const isShown = useDeferredValue(isReady, false);
  const column = useRef<HTMLElement>(null);
  const subject = useStore(editor.store, ({ selection: { nodes, transitions, notes }, history: { now } }) =>
    [nodes.length === 1 ? now.nodes.findIndex(({ id }) => id === nodes[0]) : nodes.length, transitions[0], notes[0]].join());
  // Another subject is read from its beginning.
  useEffect(() => {
    if (column.current) column.current.scrollTop = 0;
  }, [subject]);
  return (
    <section ref={column} id="inspector" data-region="settings" className={`oi-inspector${isOpen ? " is-open" : ""}`} aria-label="Inspector" data-testid="inspector">
      <IconButton label="Close the inspector" Icon={X} className="oi-close" onClick={onClose} />
      <fieldset className="oi-body" disabled={!canEdit}>
        {isShown && <LiveContext value={editor}><Subject editor={editor} /></LiveContext>}
      </fieldset>
    </section>
  );
}

/** A subject is known by its place, not its id: a new id must not take the focus from the field it was typed in. */
function Subject({ editor }: { readonly editor: Editor }) {
  const document = useStore(editor.store, (state) => state.history.now);
  const selection = useStore(editor.store, (state) => state.selection);
  const count = countOf(selection);
  const [node] = selection.nodes.map((id) => nodeOf(document, id));
  const [transition] = selection.transitions.map((id) => transitionOf(document, id));
  const note = document.notes.find(({ id }) => id === selection.notes[0]);
  const parts = { editor, document };
  if (count === 0) return <WorkflowInspector {...parts} />;
  if (count > 1) return <Several editor={editor} selection={selection} />;
  if (node) return <NodeInspector key={document.nodes.indexOf(node)} {...parts} node={node} />;
  if (transition) return <TransitionInspector key={transition.id} {...parts} transition={transition} />;
  return note ? <NoteInspector key={note.id} editor={editor} note={note} /> : null;
}

function countOf({ nodes, transitions, notes }: Selection): number {
  return nodes.length + transitions.length + notes.length;
}

function Several({ editor, selection }: { readonly editor: Editor; readonly selection: Selection }) {
  const { nodes, transitions, notes } = selection;
  const kinds = [counted(nodes.length, "node"), counted(transitions.length, "transition"), counted(notes.length, "note")];
  return (
    <>
      <Header
        icon={<span className="oc-tile oc-tile-square"><Layers size={16} aria-hidden /></span>}
        title={`${countOf(selection)} selected`}
        detail={kinds.filter(Boolean).join(", ")}
      />
      <div className="oi-actions">
        {nodes.length > 1 && <Arranging editor={editor} />}
        {nodes.length + notes.length > 0 && <TextButton Icon={Copy} onClick={() => duplicate(editor)}>Duplicate</TextButton>}
        <TextButton Icon={Trash2} className="is-danger" onClick={() => deleteSelected(editor)}>Delete</TextButton>
      </div>
    </>
  );
}

const ARRANGING: readonly (readonly [string, LucideIcon])[] = [
  ["align-left", AlignStartVertical], ["align-centre", AlignCenterVertical], ["align-right", AlignEndVertical],
  ["align-top", AlignStartHorizontal], ["align-middle", AlignCenterHorizontal], ["align-bottom", AlignEndHorizontal],
  ["spread-across", AlignHorizontalSpaceAround], ["spread-down", AlignVerticalSpaceAround], ["tidy", Wand2],
];

function Arranging({ editor }: { readonly editor: Editor }) {
  return (
    <div role="group" aria-label="Arrange" className="flex w-full flex-wrap">
      {ARRANGING.map(([id, Icon]) => {
        const command = COMMANDS.find((each) => each.id === id)!;
        return <IconButton key={id} label={`${command.title} (${editor.keymap.keysOf(command).map(keyText).join(", ")})`} Icon={Icon} onClick={() => command.run(editor)} />;
      })}
    </div>
  );
}

function counted(count: number, noun: string): string {
  return count ? `${count} ${noun}${count === 1 ? "" : "s"}` : "";
}
