/** What an expression gives with the values of the last run, or where it is wrong, while its field is being written. */

import { createContext, useContext, useEffect, useState } from "react";
import type { Json } from "../document/document.ts";
import type { Editor } from "../state/editor.ts";
import { inShort } from "../state/last-run.ts";
import type { Mode } from "./names.ts";

export type Live =
  | { readonly kind: "value"; readonly text: string; readonly run: number }
  /** `at` is the place in the text, for the mark under it. */
  | { readonly kind: "wrong"; readonly text: string; readonly at: number }
  /** It is right, and the last run had no value for it. */
  | { readonly kind: "missing"; readonly text: string; readonly run: number };

export const LiveContext = createContext<Editor | null>(null);

const PAUSE_MS = 300;

/** The answer for the text as it stands, a moment after the last letter; null while there is none. */
export function useLive(text: string, mode: Mode, isActive: boolean): Live | null {
  const editor = useContext(LiveContext);
  const [found, setFound] = useState<{ readonly text: string; readonly live: Live | null } | null>(null);
  const isAsked = isActive && editor !== null && (mode === "expression" ? text.trim() !== "" : mode === "template" && text.includes("{{"));
  useEffect(() => {
    if (!isAsked) return undefined;
    let isCurrent = true;
    const timer = setTimeout(() => void evaluated(editor, text, mode).then((live) => isCurrent && setFound({ text, live })), PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [editor, text, mode, isAsked]);
  return found?.text === text ? found.live : null;
}

type Fault = { readonly code: string; readonly detail: string; readonly line: number; readonly column: number };
type Answer = { readonly value: Json; readonly fault?: Fault | null };

async function evaluated(editor: Editor, text: string, mode: Mode): Promise<Live | null> {
  const run = editor.runs.latest.get();
  const { source, as, shift } = askedOf(text, mode);
  const reply = await editor.parts.send<Answer>("POST", "/api/expressions/evaluate", { source, as, scope: run?.scope ?? {}, tell: true });
  if (reply.kind !== "ok") return null;
  const { value, fault } = reply.value;
  if (!fault) return run ? { kind: "value", text: inShort(value, 160), run: run.number } : null;
  if (fault.code === "bad_expression") return { kind: "wrong", text: fault.detail, at: shift + offsetOf(source, fault.line, fault.column) };
  return run ? { kind: "missing", text: fault.detail, run: run.number } : null;
}

/** What is asked of a field's text; of JSON that holds templates, the first of them. */
function askedOf(text: string, mode: Mode): { readonly source: string; readonly as: "value" | "template"; readonly shift: number } {
  if (mode === "expression") return { source: text, as: "value", shift: 0 };
  const first = /^\s*(?:\[|\{(?!\{))/.test(text) ? /\{\{[\s\S]*?\}\}/.exec(text) : null;
  return first ? { source: first[0], as: "template", shift: first.index } : { source: text, as: "template", shift: 0 };
}

function offsetOf(source: string, line: number, column: number): number {
  const before = source.split("\n").slice(0, line - 1).join("\n").length;
  return Math.min(source.length, before + (line > 1 ? 1 : 0) + column - 1);
}

/** What is wrong stands below the field already, once the server has seen the draft: `isTold`. */
export function LiveLine({ live, isTold }: { readonly live: Live | null; readonly isTold: boolean }) {
  if (!live || (live.kind === "wrong" && isTold)) return null;
  if (live.kind === "wrong") return <p className="oi-live is-wrong" role="status">{live.text}</p>;
  return (
    <p className="oi-live" role="status" title={`With the values of run ${live.run}`} data-testid="live-value">
      {live.kind === "value" ? <code>= {live.text}</code> : <span>No value in run {live.run}: {live.text}</span>}
    </p>
  );
}
