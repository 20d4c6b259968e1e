/** Beside a run that was a trial: that it was one, and which. */

import { FlaskConical } from "lucide-react";
import { wordsOf } from "../../canvas/document/trial.ts";
import type { Run } from "../data/event.ts";
import { useView } from "./context.ts";

/** `isShort`: in a list, where the rest is a hint. */
export function TrialMark({ run, isShort = false }: { readonly run: Run; readonly isShort?: boolean }) {
  const document = useView((view) => view.document);
  if (!run.trial) return null;
  const words = wordsOf(run.trial, document);
  return (
    <span className={`inline-flex h-5 items-center gap-1 rounded bg-pause/12 px-1.5 text-2xs font-medium text-pause ${isShort ? "" : "min-w-16 shrink-[99]"}`} title={`A trial: ${words}`} data-testid="trial">
      <FlaskConical size={12} aria-hidden className="shrink-0" />
      <span className="truncate">{isShort ? "trial" : `trial: ${words}`}</span>
    </span>
  );
}
