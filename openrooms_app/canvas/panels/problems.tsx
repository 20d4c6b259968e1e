/** What is wrong with the draft, live; a row leads to where it is. */

import { memo, useDeferredValue, useMemo, useState } from "react";
import { ChevronDown, ChevronUp, CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { nodeOf, titleOf, transitionOf, type WorkflowDocument } from "../document/document.ts";
import { NOTHING } from "../document/operations.ts";
import { countOf, ranked, type Problem } from "../document/problems.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";

export function Problems({ editor }: { readonly editor: Editor }) {
  const problems = useStore(editor.store, (state) => state.problems);
  const isReady = useStore(editor.store, (state) => state.phase === "ready");
  const document = useDeferredValue(useStore(editor.store, (state) => state.history.now));
  const place = useMemo(() => placesIn(document), [document]);
  const [isOpen, setOpen] = useState(true);
  const { errors, warnings } = countOf(problems);
  const Icon = isOpen ? ChevronDown : ChevronUp;
  return (
    <section aria-label="Problems" data-region="problems" className="shrink-0 border-t border-line bg-panel" data-testid="problems">
      <button type="button" className="flex h-8 w-full items-center gap-2 px-3 text-xs text-mute hover:bg-hover" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {problems.length > 0 && <CircleAlert size={14} className={errors ? "text-fail" : "text-wait"} aria-hidden />}
        {problems.length === 0 && isReady && <CircleCheck size={14} className="text-ok" aria-hidden />}
        <span>{problems.length ? said(errors, warnings) : isReady ? "No problems: this draft can be published" : "Loading the draft …"}</span>
        {problems.length > 0 && <Icon size={14} className="ml-auto" aria-hidden />}
      </button>
      {isOpen && problems.length > 0 && (
        <ul className="max-h-36 overflow-y-auto pb-1">
          {ranked(problems).map((problem, index) => (
            <Row key={`${index}:${problem.code}:${problem.path ?? ""}`} editor={editor} problem={problem} place={place(problem)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function said(errors: number, warnings: number): string {
  const parts = [errors && `${errors} ${errors === 1 ? "error" : "errors"}`, warnings && `${warnings} ${warnings === 1 ? "warning" : "warnings"}`];
  return parts.filter(Boolean).join(", ");
}

const Row = memo(function Row({ editor, problem, place }: { readonly editor: Editor; readonly problem: Problem; readonly place: string }) {
  const Icon = problem.severity === "error" ? CircleAlert : TriangleAlert;
  return (
    <li className="oc-problem">
      <button type="button" className="flex w-full items-start gap-2 px-3 py-1 text-left text-xs hover:bg-hover" data-testid={`problem-${problem.code}`} onClick={() => focus(editor, problem)}>
        <Icon size={13} className={`mt-0.5 shrink-0 ${problem.severity === "error" ? "text-fail" : "text-wait"}`} aria-label={problem.severity} />
        <span className="w-32 shrink-0 truncate text-mute">{place}</span>
        <span className="min-w-0 flex-1 break-words">{problem.message}</span>
        <code className="hidden shrink-0 font-mono text-2xs text-mute md:inline">{problem.code}</code>
      </button>
    </li>
  );
});

/** What names the place of a problem in this document. */
function placesIn(document: WorkflowDocument): (problem: Problem) => string {
  const titles = new Map(document.nodes.map((node) => [node.id, titleOf(node)]));
  const ways = new Map(document.transitions.map((way) => [way.id, way]));
  return ({ node_id: node, transition_id: way }) => {
    const { source = "", target = "" } = ways.get(way ?? "") ?? {};
    const [from, to] = [titles.get(source), titles.get(target)];
    if (way) return from && to ? `${from} → ${to}` : way;
    return node ? (titles.get(node) ?? node) : "Workflow";
  };
}

function focus(editor: Editor, { node_id: node, transition_id: way }: Problem): void {
  const transition = way ? transitionOf(editor.document, way) : undefined;
  if (transition) {
    editor.select({ ...NOTHING, transitions: [transition.id] });
    editor.view?.show([transition.source, transition.target]);
  } else if (node && nodeOf(editor.document, node)) {
    editor.select({ ...NOTHING, nodes: [node] });
    editor.view?.show([node]);
  } else {
    editor.select(NOTHING);
  }
}
