/** Two drafts brought together: what both changed is chosen here, node by node; the rest takes care of itself. */

import { useMemo, useState } from "react";
import { Button } from "../../components/kit.tsx";
import { titleOf, type Json, type WorkflowDocument } from "../document/document.ts";
import { merge, type Conflict, type Side } from "../document/merging.ts";
import type { Draft } from "../state/api.ts";
import type { Editor } from "../state/editor.ts";
import { inShort } from "../state/last-run.ts";
import { useStore } from "../state/use-store.ts";
import { Dialog } from "./dialog.tsx";

export function MergeDialog({ editor, me }: { readonly editor: Editor; readonly me: string }) {
  const merging = useStore(editor.merging, (value) => value);
  const [choices, setChoices] = useState<ReadonlyMap<string, Side>>(new Map());
  const merged = useMemo(() => merging && merge(merging.three, choices), [merging, choices]);
  if (!merging || !merged) return null;
  const apply = (): void => {
    editor.applyMerge(merged.document);
    editor.overlay.set(null);
  };
  return (
    <Dialog editor={editor} title="Merge two drafts" isWide>
      <p className="mb-3 text-sm text-mute">
        {merged.conflicts.length
          ? `${both(merging.draft, me)} changed these in different ways. Choose for each; all other changes of both are kept.`
          : `${both(merging.draft, me)} changed different things: both are kept.`}
      </p>
      <ul className="flex flex-col gap-2">
        {merged.conflicts.map((conflict) => (
          <li key={conflict.key} className="rounded-md border border-line p-3" data-testid={`conflict-${conflict.key}`}>
            <fieldset>
              <legend className="pb-1.5 text-sm font-medium">{nameOf(merging.three.mine, merging.three.theirs, conflict)}</legend>
              <div className="grid gap-2 sm:grid-cols-2">
                {(["mine", "theirs"] as const).map((side) => (
                  <label key={side} className="flex min-w-0 items-start gap-2 rounded-md border border-line p-2 text-sm has-checked:border-accent">
                    <input type="radio" data-first name={conflict.key} className="mt-1 accent-accent" checked={(choices.get(conflict.key) ?? "mine") === side}
                      onChange={() => setChoices(new Map(choices).set(conflict.key, side))} />
                    <span className="min-w-0 flex-1">
                      <span className="block">{side === "mine" ? "Mine" : "Theirs"}</span>
                      <Value value={conflict[side]} other={conflict[side === "mine" ? "theirs" : "mine"]} />
                    </span>
                  </label>
                ))}
              </div>
            </fieldset>
          </li>
        ))}
      </ul>
      <div className="mt-4 flex justify-end gap-2">
        <Button look="quiet" onClick={() => editor.overlay.set(null)}>Cancel</Button>
        <Button look="solid" data-first onClick={apply}>Merge</Button>
      </div>
    </Dialog>
  );
}

function both({ saved_by_name: by }: Draft, me: string): string {
  return by === me ? "You, here and elsewhere," : `You and ${by ?? "someone else"}`;
}

/** Of two objects only the fields that differ. */
function Value({ value, other }: { readonly value: Json | undefined; readonly other: Json | undefined }) {
  if (value === undefined) return <em className="text-xs text-mute">removed</em>;
  if (!isRecord(value) || !isRecord(other)) return <code className="block break-words text-2xs text-mute">{inShort(value, 200)}</code>;
  const keys = Object.keys({ ...value, ...other }).filter((key) => JSON.stringify(value[key]) !== JSON.stringify(other[key]));
  return keys.map((key) => <code key={key} className="block break-words text-2xs text-mute">{key}: {value[key] === undefined ? "–" : inShort(value[key], 200)}</code>);
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function nameOf(mine: WorkflowDocument, theirs: WorkflowDocument, { place, id }: Conflict): string {
  if (place === "head") return `The workflow's ${id.replace("_", " ")}`;
  const node = [...mine.nodes, ...theirs.nodes].find((each) => each.id === id);
  if (place === "nodes" && node) return titleOf(node);
  const way = [...mine.transitions, ...theirs.transitions].find((each) => each.id === id);
  return way ? `${way.source} → ${way.target} on ${way.on}` : `Note ${id}`;
}
