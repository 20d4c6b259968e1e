/** The column beside the canvas: all that can be said of what is selected, or of the workflow when nothing is. */

import { Copy, Layers, Trash2, X } from "lucide-react";
import { IconButton } from "../../components/kit.tsx";
import { nodeOf, transitionOf } from "../document/document.ts";
import type { Selection } from "../document/operations.ts";
import { deleteSelected } from "../state/commands.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { NodeInspector } from "./node-inspector.tsx";
import { NoteInspector } from "./note-inspector.tsx";
import { duplicateSelected, Header, TextButton } from "./parts.tsx";
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
  return (
    <section className={`oi-inspector${isOpen ? " is-open" : ""}`} aria-label="Inspector" data-testid="inspector">
      <IconButton label="Close the inspector" Icon={X} className="oi-close" onClick={onClose} />
      <fieldset className="oi-body" disabled={!canEdit}>
        {isReady && <Subject editor={editor} />}
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
        {nodes.length + notes.length > 0 && <TextButton Icon={Copy} onClick={() => duplicateSelected(editor)}>Duplicate</TextButton>}
        <TextButton Icon={Trash2} className="is-danger" onClick={() => deleteSelected(editor)}>Delete</TextButton>
      </div>
    </>
  );
}

function counted(count: number, noun: string): string {
  return count ? `${count} ${noun}${count === 1 ? "" : "s"}` : "";
}
