/** The room's name, status and version, and the buttons that start, hold and end its runs. */

import { useState } from "react";
import { Link } from "react-router";
import { ArrowLeft, CirclePause, CirclePlay, CircleX, Play, RotateCcw, SlidersHorizontal } from "lucide-react";
import { StatusBadge } from "../../components/status.tsx";
import { useTitle } from "../../components/title.ts";
import { isLive, isOver, type RoomStatus } from "../data/event.ts";
import { isOptional } from "../../components/form.ts";
import { CancelDialog } from "./cancel-dialog.tsx";
import { useRoom, useView } from "./context.ts";
import { Button } from "./kit.tsx";
import { RunDialog } from "./run-dialog.tsx";
import { TrialMark } from "./trial-mark.tsx";

export function Header() {
  const room = useView((view) => view.room)!;
  const run = useView((view) => view.run);
  const status = useStatus();
  useTitle(room.name);
  return (
    <header data-region="header" className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line bg-panel px-4 py-2.5">
      <div className="min-w-0 flex-1 basis-56">
        <div className="flex min-w-0 items-center gap-2">
          <Link to="/rooms" aria-label="All rooms" title="All rooms" className="-ml-1 grid size-7 shrink-0 place-items-center rounded-md text-mute hover:bg-hover hover:text-ink">
            <ArrowLeft size={16} aria-hidden />
          </Link>
          <h1 className="text-base max-md:line-clamp-2 max-md:[overflow-wrap:anywhere] md:truncate font-semibold tracking-tight" title={room.name}>{room.name}</h1>
          <span role="status" data-testid="room-status" className="flex"><StatusBadge status={status} /></span>
          {run && <TrialMark run={run} />}
        </div>
        <SubLine />
      </div>
      <Buttons status={status} />
    </header>
  );
}

/** The room's status: what the stream told last, until then what the room was loaded with. */
function useStatus(): RoomStatus {
  return useView((view) => view.news?.status ?? view.room!.status);
}

function SubLine() {
  const room = useView((view) => view.room)!;
  const version = useView((view) => view.version);
  const run = useView((view) => view.run);
  return (
    <p className="flex pl-8 text-xs text-mute">
      <Link to={`/workflows/${room.workflow_id}`} className="truncate text-accent-ink underline underline-offset-2 decoration-current/40 hover:decoration-current">{room.workflow_name}</Link>
      <span className="shrink-0 whitespace-pre">
        {version !== null && ` · version ${version}`}
        {run && (
          <>
            {" · "}
            <Link to={`/runs/${run.id}`} className="text-accent-ink underline underline-offset-2 decoration-current/40 hover:decoration-current" data-testid="run-link">run #{run.number}</Link>
          </>
        )}
        {" · "}
        <Link to={`/rooms/${room.id}/triggers`} className="text-accent-ink underline underline-offset-2 decoration-current/40 hover:decoration-current">triggers</Link>
      </span>
    </p>
  );
}

function Buttons({ status }: { readonly status: RoomStatus }) {
  const { model, canEdit, beginsWithForm } = useRoom();
  const doing = useView((view) => view.doing);
  const asked = useView((view) => view.asked);
  const isUnpublished = useView((view) => view.isUnpublished);
  const [dialog, setDialog] = useState<"run" | "cancel" | null>(beginsWithForm ? "run" : null);
  const isOn = isLive(status);
  const held = { disabled: !canEdit || doing !== null, title: canEdit ? undefined : "Your role may look, but not run." };
  const close = (): void => {
    setDialog(null);
    forgetNew();
  };
  return (
    <div className="flex flex-wrap items-center gap-2 max-sm:w-full">
      <RetryButton held={held} isOn={isOn} />
      {isOn && status !== "PAUSED" && (
        <Button Icon={CirclePause} {...held} title={held.title ?? "Steps under way go on to their end; no other begins"} disabled={held.disabled || asked !== null} onClick={() => void model.act("pause")}>{asked === "pause" ? "Pausing …" : "Pause"}</Button>
      )}
      {status === "PAUSED" && (
        <Button Icon={CirclePlay} look="solid" {...held} disabled={held.disabled || asked !== null} onClick={() => void model.act("resume")}>{asked === "resume" ? "Resuming …" : "Resume"}</Button>
      )}
      {isOn && (
        <Button Icon={CircleX} look="danger" {...held} disabled={held.disabled || asked === "cancel"} onClick={() => setDialog("cancel")}>{asked === "cancel" ? "Cancelling …" : "Cancel"}</Button>
      )}
      <RunButton held={{ ...held, disabled: held.disabled || isUnpublished }} isOn={isOn} onForm={() => setDialog("run")} />
      <CancelDialog isOpen={dialog === "cancel"} onClose={close} />
      {dialog === "run" && canEdit && <RunDialog onClose={close} />}
    </div>
  );
}

/** A page that is loaded again does not ask for another run. */
function forgetNew(): void {
  const address = new URL(window.location.href);
  if (address.searchParams.get("run") !== "new") return;
  address.searchParams.delete("run");
  window.history.replaceState(window.history.state, "", address);
}

type Held = { readonly disabled: boolean; readonly title: string | undefined };

type RunButtonProps = { readonly held: Held; readonly isOn: boolean; readonly onForm: () => void };

/** Starts a run at once where its version has a default for all that it needs; otherwise asks for it. */
function RunButton({ held, isOn, onForm }: RunButtonProps) {
  const { model, goTo } = useRoom();
  const queues = useView((view) => view.room?.queue_runs ?? false);
  const isStarting = useView((view) => view.doing === "run");
  const hasChoice = useView((view) => Boolean(view.document?.input_schema) && isOptional(view.document?.input_schema));
  const [isAsking, setAsking] = useState(false);
  if (isOn && !queues) return null;
  const run = async (): Promise<void> => {
    setAsking(true);
    const next = await model.nextInput();
    setAsking(false);
    if (!isOptional(next?.schema)) onForm();
    else if ((await model.start(undefined)) === null) goTo(null);
  };
  return (
    <div className="flex items-center gap-1">
      <Button Icon={Play} look={isOn ? "outline" : "solid"} {...held} disabled={held.disabled || isAsking} onClick={() => void run()} data-testid="run">
        {isStarting || isAsking ? "Starting …" : isOn ? "Queue another run" : "Run"}
      </Button>
      {hasChoice && <Button Icon={SlidersHorizontal} {...held} onClick={onForm} data-testid="run-with">Run with …</Button>}
    </div>
  );
}

function RetryButton({ held, isOn }: { readonly held: Held; readonly isOn: boolean }) {
  const { model, goTo } = useRoom();
  const run = useView((view) => view.run);
  if (!run || isOn || !isOver(run.status) || run.status === "COMPLETED") return null;
  const retry = async (): Promise<void> => {
    if (await model.retry(run.id)) goTo(null);
  };
  const hint = held.title ?? `Go on from where run #${run.number} stopped, in a new run`;
  return <Button Icon={RotateCcw} {...held} title={hint} onClick={() => void retry()}>Retry</Button>;
}
