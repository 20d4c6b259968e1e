/** Over the canvas while a run is painted on it: which run, how it goes, the way to its room, and how to be rid of it. */

import { FlaskConical, X } from "lucide-react";
import { IconButton } from "../../components/kit.tsx";
import { wordsOf } from "../document/trial.ts";
import type { Editor } from "../state/editor.ts";
import { inShort } from "../state/last-run.ts";
import { useStore } from "../state/use-store.ts";

export function RunStrip({ editor }: { readonly editor: Editor }) {
  const run = useStore(editor.runs.watched, (value) => value);
  if (!run) return null;
  return (
    <div className="oc-strip" role="status" data-testid="run-strip" data-status={run.status}>
      <span>Run {run.number}</span>
      <span className={`oc-strip-${run.status}`}>{run.status.toLowerCase()}</span>
      {run.why && <span className="oc-strip-why" title={run.why} data-testid="run-why">{run.why}</span>}
      {run.status === "COMPLETED" && run.output !== null && <code className="oc-strip-result" title={inShort(run.output, 2_000)} data-testid="run-result">= {inShort(run.output, 80)}</code>}
      {run.trial && <span className="oc-strip-trial" title={wordsOf(run.trial, editor.document)} data-testid="trial"><FlaskConical size={12} aria-hidden />trial: {wordsOf(run.trial, editor.document)}</span>}
      <a className="text-accent-ink hover:underline" href={`/rooms/${run.roomId}?run=${run.number}`}>Open in the room</a>
      <IconButton label="Take the run off the canvas" Icon={X} onClick={() => editor.runs.unwatch()} />
    </div>
  );
}
