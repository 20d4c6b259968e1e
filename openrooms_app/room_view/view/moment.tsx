/** The slider over the run's events: graph, variables and log show the moment it stands at. */

import { useEffect, type CSSProperties } from "react";
import { ChevronLeft, ChevronRight, CircleAlert, FastForward } from "lucide-react";
import { useRoom, useShown, useView } from "./context.ts";
import { Button, IconButton } from "./kit.tsx";
import { clock, whole } from "./when.ts";

export function Moment() {
  const { model } = useRoom();
  const { timeline } = useShown();
  const at = useView((view) => view.at);
  const last = timeline.log.last;
  const moment = Math.min(at ?? last, last);
  useKeys(last);
  if (!last) return null;
  const event = timeline.log.at(moment);
  const look = (next: number): void => model.look(next >= last && next !== at ? null : Math.max(1, next));
  return (
    <div className="flex h-9 shrink-0 items-center gap-1 border-b border-line bg-panel px-2 text-xs" data-testid="moment">
      <IconButton Icon={ChevronLeft} label="One event back ( , )" disabled={moment <= 1} onClick={() => look(moment - 1)} />
      <input
        type="range"
        min={1}
        max={last}
        value={Math.max(1, moment)}
        aria-label="Moment of the run"
        aria-valuetext={event ? `Event ${moment} of ${last}: ${event.message}` : ""}
        onChange={(change) => look(Number(change.target.value))}
        style={{ "--or-part": `${last > 1 ? (100 * (Math.max(1, moment) - 1)) / (last - 1) : 100}%` } as CSSProperties}
        className="or-slider min-w-16 flex-1"
      />
      <IconButton Icon={ChevronRight} label="One event on ( . )" disabled={moment >= last} onClick={() => look(moment + 1)} />
      <NextFailure after={moment} />
      <span className="min-w-20 shrink-0 text-right font-mono text-mute tabular-nums" title={event && whole(event.at)}>
        {at === null ? `${last.toLocaleString()} ${last === 1 ? "event" : "events"}` : `${moment} / ${last}`}
      </span>
      {at !== null && event && <span className="ml-2 hidden font-mono text-mute sm:inline">{clock(event.at)}</span>}
      <Button look={at === null ? "quiet" : "outline"} Icon={FastForward} className="h-7 px-2 text-xs" disabled={at === null} onClick={() => model.look(null)}>Now</Button>
    </div>
  );
}

function NextFailure({ after }: { readonly after: number }) {
  const { model } = useRoom();
  const { timeline } = useShown();
  const at = useView((view) => view.at);
  if (!timeline.log.errors) return null;
  const { columns } = timeline.log;
  const jump = (): void => {
    const next = columns.nextOf("ERROR", at === null ? 0 : after) ?? columns.nextOf("ERROR", 0);
    if (next === null) return;
    model.look(next);
    model.point(columns.nodeOf(next), next);
  };
  return <IconButton Icon={CircleAlert} label="To the next failure" style={{ color: "var(--or-fail)" }} onClick={jump} />;
}

/** The keys `,` and `.` step, wherever nobody types. */
function useKeys(last: number): void {
  const { model } = useRoom();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.key !== "," && event.key !== ".") || event.metaKey || event.ctrlKey || event.altKey) return;
      if ((event.target as Element).closest("input:not([type=range]), textarea, select, [contenteditable]")) return;
      const moment = model.view.get().at ?? last;
      const next = event.key === "," ? Math.max(1, moment - 1) : moment + 1;
      model.look(next >= last && event.key === "." ? null : next);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [model, last]);
}
