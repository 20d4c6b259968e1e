/** A sticky note: its words and its colour. */

import { Copy, StickyNote, Trash2 } from "lucide-react";
import type { Note } from "../document/document.ts";
import { patchNote } from "../document/operations.ts";
import { deleteSelected, duplicate } from "../state/selected.ts";
import type { Editor } from "../state/editor.ts";
import { FieldFrame } from "./field-frame.tsx";
import { Header, TextButton } from "./parts.tsx";

/** The colours a note can have; none is the ordinary yellow. */
export const NOTE_COLORS: readonly string[] = ["blue", "green", "red", "purple", "grey"];

export function NoteInspector({ editor, note }: { readonly editor: Editor; readonly note: Note }) {
  const patch = (part: Partial<Note>, kind: string): void => editor.edit((before) => patchNote(before, note.id, part), `note:${note.id}${kind}`);
  const isOther = note.color !== undefined && !NOTE_COLORS.includes(note.color);
  return (
    <>
      <Header icon={<span className="oc-tile oc-tile-square"><StickyNote size={16} aria-hidden /></span>} title="Note" detail={note.id} />
      <div className="oi-fields">
        <FieldFrame label="Text">
          {(control) => (
            <textarea {...control} className="oi-area" rows={6} maxLength={10_000} value={note.text} onChange={({ target }) => patch({ text: target.value }, "")} />
          )}
        </FieldFrame>
        <FieldFrame label="Colour">
          {(control) => (
            <select {...control} className="oi-input" value={note.color ?? ""} onChange={({ target }) => patch({ color: target.value || undefined }, ":color")}>
              <option value="">yellow</option>
              {isOther && <option value={note.color}>{note.color}</option>}
              {NOTE_COLORS.map((color) => <option key={color} value={color}>{color}</option>)}
            </select>
          )}
        </FieldFrame>
      </div>
      <div className="oi-actions">
        <TextButton Icon={Copy} onClick={() => duplicate(editor)}>Duplicate</TextButton>
        <TextButton Icon={Trash2} className="is-danger" onClick={() => deleteSelected(editor)}>Delete</TextButton>
      </div>
    </>
  );
}
