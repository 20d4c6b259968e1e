/** The run's name and status, the way to its room, and what can be done with it. */

import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { ArrowLeft, DoorOpen, RotateCcw, ShieldCheck } from "lucide-react";
import { StatusBadge } from "../../components/status.tsx";
import { useTitle } from "../../components/title.ts";
import { api, type Replayed } from "../data/api.ts";
import { isLive, isOver } from "../data/event.ts";
import { statusOf } from "../data/fold.ts";
import { useRoom, useShown, useView } from "../view/context.ts";
import { Button } from "../view/kit.tsx";
import { TrialMark } from "../view/trial-mark.tsx";
import { ReplayResult } from "./replay-result.tsx";

export function RunHeader() {
  const { model } = useRoom();
  const room = useView((view) => view.room)!;
  const run = useView((view) => view.run)!;
  const { timeline } = useShown();
  useTitle(`${room.name} #${run.number}`);
  // What has ended stays so while its events are still being read.
  const status = timeline.log.last && !isOver(run.status) ? statusOf(timeline.now) : run.status;
  return (
    <header data-region="header" className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line bg-panel px-4 py-2.5">
      <div className="min-w-0 flex-1 basis-56">
        <div className="flex min-w-0 items-center gap-2">
          <Link to="/runs" aria-label="All runs" title="All runs" className="-ml-1 grid size-7 shrink-0 place-items-center rounded-md text-mute hover:bg-hover hover:text-ink">
            <ArrowLeft size={16} aria-hidden />
          </Link>
          <h1 className="text-base max-md:line-clamp-2 max-md:[overflow-wrap:anywhere] md:truncate font-semibold tracking-tight" title={room.name}><bdi>{room.name}</bdi> #{run.number}</h1>
          <span role="status" data-testid="run-status" className="flex"><StatusBadge status={status} /></span>
          <TrialMark run={run} />
        </div>
        <p className="flex pl-8 text-xs text-mute">
          <Link to={`/workflows/${run.workflow_id}`} className="truncate text-accent-ink underline underline-offset-2 decoration-current/40 hover:decoration-current">{room.workflow_name}</Link>
          <span className="shrink-0 whitespace-pre"> · version {run.version}</span>
        </p>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Link to={`/rooms/${model.roomId}?run=${run.number}`} className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-hover">
          <DoorOpen size={15} aria-hidden />
          Open in its room
        </Link>
        <Retry />
        <Replay />
      </div>
    </header>
  );
}

function Retry() {
  const { model, canEdit } = useRoom();
  const navigate = useNavigate();
  const run = useView((view) => view.run)!;
  const isHeld = useView((view) => view.doing !== null || isLive(view.news?.status ?? "IDLE"));
  if (!isOver(run.status) || run.status === "COMPLETED") return null;
  const retry = async (): Promise<void> => {
    if (await model.retry(run.id)) void navigate(`/rooms/${model.roomId}`);
  };
  const hint = canEdit ? "Go on from where this run stopped, in a new run" : "Your role may look, but not run.";
  return <Button Icon={RotateCcw} disabled={!canEdit || isHeld} title={hint} onClick={() => void retry()}>Retry</Button>;
}

function Replay() {
  const run = useView((view) => view.run)!;
  const [replayed, setReplayed] = useState<Replayed | string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const replay = async (): Promise<void> => {
    setBusy(true);
    const reply = await api.replay(run.id);
    setBusy(false);
    setReplayed(reply.kind === "ok" ? reply.value : reply.detail);
  };
  return (
    <>
      <Button Icon={ShieldCheck} disabled={isBusy} title="Decide the run again from its record, and compare" onClick={() => void replay()}>{isBusy ? "Replaying …" : "Replay"}</Button>
      {replayed !== null && <ReplayResult replayed={replayed} onClose={() => setReplayed(null)} />}
    </>
  );
}
