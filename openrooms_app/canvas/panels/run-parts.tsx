/** What the form of a trial has besides an input: pins, variables, and what will be executed. */

import { useId } from "react";
import { FlaskConical } from "lucide-react";
import { readJson } from "../../components/form.ts";
import { AREA } from "../../components/kit.tsx";
import { nodeOf, titleOf, type JsonObject, type WorkflowDocument, type WorkflowNode } from "../document/document.ts";
import { executes } from "../document/trial.ts";
import type { Catalogue } from "../state/catalogue.ts";
import type { Editor } from "../state/editor.ts";
import { varsAt } from "../state/last-run.ts";

type PinsProps = { readonly pins: readonly string[]; readonly document: WorkflowDocument; readonly isOn: boolean; readonly onChange: (isOn: boolean) => void };

/** Pins go along only where this says so. */
export function UsePins({ pins, document, isOn, onChange }: PinsProps) {
  if (!pins.length) return null;
  return (
    <label className="flex cursor-pointer items-start gap-2 text-sm">
      <input type="checkbox" className="mt-0.5 size-4 accent-accent" checked={isOn} onChange={({ target }) => onChange(target.checked)} data-testid="use-pins" />
      <span>
        Use pinned outputs: {pins.map((id) => titleOf(nodeOf(document, id)!)).join(", ")}
        <span className="block text-xs text-mute">These nodes are not executed. The run is marked as a trial, and what it remembers ends with it.</span>
      </span>
    </label>
  );
}

export function VarsField({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-xs font-medium">Variables</label>
      <textarea id={id} className={`${AREA} max-h-60 font-mono text-xs`} rows={4} spellCheck={false} value={text} onChange={({ target }) => onChange(target.value)} data-testid="trial-vars" />
      <span className="mt-1 block text-xs text-mute">What <code>vars</code> holds when the node begins, as JSON.</span>
    </div>
  );
}

/** The variables in the text of that field, or why they are none. */
export function varsIn(text: string): JsonObject | string {
  const found = readJson(text.trim() || "{}");
  if (typeof found === "string") return `Variables: ${found}`;
  const { value } = found;
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as JsonObject) : "Variables are a JSON object: {\"name\": value}.";
}

/** The variables that a node had when it was entered last, as text; those of the run's end where it was not. */
export async function varsFor(editor: Editor, nodeId: string): Promise<string> {
  const run = editor.runs.latest.get();
  const step = run?.steps.get(nodeId);
  const vars = step ? await varsAt(editor.parts.send, step.runId, step.step) : null;
  return JSON.stringify(vars ?? run?.scope["vars"] ?? {}, null, 2);
}

type ExecutedProps = { readonly node: WorkflowNode; readonly version: number; readonly catalogue: Catalogue };

export function Executed({ node, version, catalogue }: ExecutedProps) {
  return (
    <p className="flex items-start gap-2 rounded-md border border-line bg-bg px-2.5 py-2 text-xs" data-testid="executed">
      <FlaskConical size={14} aria-hidden className="mt-px shrink-0 text-pause" />
      <span>{titleOf(node)} is executed once, as version {version} has it. {executes(node, catalogue)}</span>
    </p>
  );
}
