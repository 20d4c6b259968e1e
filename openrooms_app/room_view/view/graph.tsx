/** The run's graph: each node with what it has done so far, the path taken, the tokens that stand somewhere. */

import { useEffect, useLayoutEffect, useMemo } from "react";
import { useStore } from "../../canvas/state/use-store.ts";
import { Link } from "react-router";
import { PencilRuler, Play } from "lucide-react";
import { RunGraph } from "../../canvas/flow/run-graph.tsx";
import { RunPaint } from "../../canvas/state/run-paint.ts";
import { painted } from "../data/painting.ts";
import { useRoom, useShown, useStanding, useView } from "./context.ts";
import { Notice, Skeleton } from "./kit.tsx";

export function Graph() {
  const { model } = useRoom();
  const document = useView((view) => view.document);
  const catalogue = useView((view) => view.catalogue);
  const isUnpublished = useView((view) => view.isUnpublished);
  const node = useView((view) => view.node);
  const way = useView((view) => view.way);
  const paint = usePaint();
  return (
    <section aria-label="Graph of the run" data-region="graph" className="relative flex min-h-0 flex-1 flex-col" data-testid="graph">
      {document && <RunGraph document={document} catalogue={catalogue} paint={paint} selected={node} way={way} onSelect={(id) => (id === null ? model.point(null) : model.inspect(id))} onPoint={(id) => model.point(id)} onWay={(id) => model.ask(id)} />}
      {!document && !isUnpublished && <Skeleton className="m-3 flex-1" />}
      {isUnpublished && <Unpublished />}
      <NeverRun />
    </section>
  );
}

function Unpublished() {
  const room = useView((view) => view.room)!;
  return (
    <div className="m-auto">
      <Notice Icon={PencilRuler} title="There is nothing to run yet">
        The workflow of this room has no published version.{" "}
        <Link to={`/workflows/${room.workflow_id}`} className="text-accent-ink underline underline-offset-2 decoration-current/40 hover:decoration-current">Open it</Link> and press Publish.
      </Notice>
    </div>
  );
}

function NeverRun() {
  const isIdle = useView((view) => view.news?.status === "IDLE" && view.document !== null);
  const { canEdit } = useRoom();
  if (!isIdle) return null;
  return (
    <p className="pointer-events-none absolute inset-x-0 bottom-3 mx-auto flex w-fit items-center gap-2 rounded-md border border-line bg-raised px-3 py-1.5 text-sm shadow-sm" data-testid="never-run">
      <Play size={14} aria-hidden className="text-mute" />
      {canEdit ? "This room has not run yet. Press Run to begin." : "This room has not run yet."}
    </p>
  );
}

/** The canvas draws from a paint of this page alone; it is given the standing whenever that has changed. */
function usePaint(): RunPaint {
  const paint = useMemo(() => new RunPaint(), []);
  const { tick, timeline } = useShown();
  const standing = useStanding();
  const at = useView((view) => view.at);
  useLayoutEffect(() => { // with the rest of the page, so that a move is painted once
    const until = at === null || at >= timeline.log.last ? null : standing.at;
    paint.show(painted(standing, until));
  }, [paint, standing, tick, timeline, at]);
  useSpeech(paint);
  useMarks(paint);
  return paint;
}

/** What models say stands at their nodes, as long as the present is looked at. */
function useSpeech(paint: RunPaint): void {
  const { model } = useRoom();
  const at = useView((view) => view.at);
  const speeches = useStore(model.words, (words) => words);
  useEffect(() => {
    paint.say(new Map(at === null ? [...speeches.values()].map(({ node_id, text }) => [node_id, text]) : []));
  }, [paint, speeches, at]);
}

/** Where the run that is compared with this one differs from it. */
function useMarks(paint: RunPaint): void {
  const { model } = useRoom();
  const comparison = useStore(model.comparing.store, (compared) => compared?.comparison ?? null);
  useEffect(() => {
    const parting = comparison?.parting?.node_id;
    const nodes = [...(comparison?.nodes ?? [])].map(([id, side]) => [id, id === parting ? "first" : side] as const);
    paint.mark(new Map([...nodes, ...(comparison?.ways ?? [])]));
  }, [paint, comparison]);
}
