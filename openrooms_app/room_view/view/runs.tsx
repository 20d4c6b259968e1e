/** The room's runs, newest first; a click shows one. */

import { Link } from "react-router";
import { GitCompare, Play } from "lucide-react";
import { StatusBadge } from "../../components/status.tsx";
import { Duration, RelativeTime } from "../../components/time.tsx";
import type { Run } from "../data/event.ts";
import { useRoom, useShown, useView } from "./context.ts";
import { IconButton, Notice, Skeleton } from "./kit.tsx";
import { TrialMark } from "./trial-mark.tsx";

export function Runs() {
  const { model, goTo } = useRoom();
  const { timeline } = useShown();
  const runs = useView((view) => view.runs);
  const newest = useView((view) => view.news?.number ?? null);
  if (!runs) return <Skeleton className="h-24 w-full" />;
  if (!runs.length) return <Notice Icon={Play} title="This room has not run yet">Press Run to begin.</Notice>;
  return (
    <ul className="-mx-1 flex flex-col" data-testid="runs">
      {runs.map((run) => (
        <li key={run.id} className="flex items-center gap-1">
          <button type="button" aria-current={run.id === timeline.runId ? "true" : undefined}
            onClick={() => goTo(run.number === newest ? null : run.number)}
            className="flex min-w-0 flex-1 cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 text-left text-sm hover:bg-hover aria-[current]:bg-hover">
            <span className="w-9 shrink-0 font-mono text-xs text-mute">#{run.number}</span>
            <StatusBadge status={run.status} />
            <TrialMark run={run} isShort />
            <span className="ml-auto text-xs text-mute"><Duration ms={took(run)} /></span>
            <span className="w-16 text-right text-xs text-mute"><RelativeTime at={run.created_at} /></span>
          </button>
          <IconButton Icon={GitCompare} label={`Compare with run #${run.number}`} className={run.id === timeline.runId ? "invisible" : ""} onClick={() => void model.compareWith(run.number)} />
        </li>
      ))}
      {runs.length >= 100 && <li className="px-2 py-1 text-xs text-mute">Older ones are among <Link to={`/runs?room=${model.roomId}`} className="text-accent-ink underline underline-offset-2 decoration-current/40 hover:decoration-current">all runs of this room</Link>.</li>}
    </ul>
  );
}

export function took(run: Run): number | null {
  if (!run.started_at || !run.ended_at) return null;
  return new Date(run.ended_at).getTime() - new Date(run.started_at).getTime();
}
