/** A sticky note: words for people, typed on the canvas, without meaning for a run. */

import { memo, useEffect, useRef } from "react";
import { NodeResizeControl, type NodeProps } from "@xyflow/react";
import { GRID } from "../document/card.ts";
import { patchNote } from "../document/operations.ts";
import { useCanvas } from "./context.ts";
import type { NoteCard } from "./derive.ts";

export const FlowNote = memo(function FlowNote({ data: { note }, selected }: NodeProps<NoteCard>) {
  const { editor } = useCanvas();
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (selected && !note.text) area.current?.focus({ preventScroll: true });
  }, [selected, note.id]);
  return (
    <div className={selected ? "oc-note is-selected" : "oc-note"} data-color={note.color} data-testid={`note-${note.id}`}>
      {editor && selected && <NodeResizeControl className="oc-resize" minWidth={96} minHeight={48} onResizeEnd={(_, size) => resize(size)} />}
      {editor ? (
        <textarea
          ref={area}
          className={selected ? "nodrag nowheel" : ""}
          tabIndex={selected ? 0 : -1}
          value={note.text}
          maxLength={10_000}
          placeholder="Write a note"
          aria-label={`Note ${note.id}`}
          spellCheck={false}
          onChange={(event) => editor.edit((document) => patchNote(document, note.id, { text: event.target.value }), `note:${note.id}`)}
        />
      ) : (
        <p>{note.text}</p>
      )}
    </div>
  );

  function resize({ x, y, width, height }: { x: number; y: number; width: number; height: number }): void {
    const snap = (value: number): number => Math.round(value / GRID) * GRID;
    editor?.edit((document) => patchNote(document, note.id, { width: snap(width), height: snap(height), position: { x: Math.round(x), y: Math.round(y) } }));
  }
});
