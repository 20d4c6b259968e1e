/** What the reader must know besides: the connection is lost, or what is shown is not the present. */

import { Link } from "react-router";
import { HardDrive, History, ServerOff, WifiOff } from "lucide-react";
import { useRoom, useView } from "./context.ts";
import { Button } from "./kit.tsx";

export function Banner({ isRunPage = false }: { readonly isRunPage?: boolean }) {
  return (
    <>
      <Lost />
      <Unserved />
      {!isRunPage && <Older />}
    </>
  );
}

function Lost() {
  const isLost = useView((view) => view.connection === "lost");
  return (
    <div role="status" data-testid="connection">
      {isLost && (
        <div className="flex items-center gap-2 border-b border-line bg-wait/10 px-4 py-1.5 text-xs text-wait">
          <WifiOff size={14} aria-hidden className="shrink-0" />
          Connection lost, reconnecting … Nothing is lost: what happens meanwhile is shown then.
        </div>
      )}
    </div>
  );
}

/** A run that nobody moves, and why. */
function Unserved() {
  const verb = useView((view) => (view.news?.status === "QUEUED" ? "begins" : "goes on"));
  const isFull = useView((view) => view.news?.is_disk_full ?? false);
  const isAlone = useView((view) => view.news !== null && !view.news.has_workers);
  return (
    <div role="status" data-testid="unserved">
      {(isFull || isAlone) && (
        <div className="flex items-center gap-2 border-b border-line bg-wait/10 px-4 py-1.5 text-xs text-wait">
          {isFull ? <HardDrive size={14} aria-hidden className="shrink-0" /> : <ServerOff size={14} aria-hidden className="shrink-0" />}
          {isFull
            ? `The disk of this installation is full: this run ${verb} as soon as there is room. Nothing is lost.`
            : `No worker is alive: this run ${verb} as soon as one is.`}{" "}
          <Link to="/settings/health" className="underline underline-offset-2">Health</Link>
        </div>
      )}
    </div>
  );
}

function Older() {
  const { model, goTo } = useRoom();
  const run = useView((view) => view.run);
  const newest = useView((view) => view.news?.number ?? null);
  if (model.pinned === null || newest === null) return null;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-hover/60 px-4 py-1 text-xs" data-testid="older-run">
      <History size={14} aria-hidden className="text-mute" />
      <span>You look at run #{run?.number ?? model.pinned}{newest !== model.pinned && `; the newest is #${newest}`}.</span>
      <Button className="h-6 px-2 text-xs" onClick={() => goTo(null)}>Follow the newest</Button>
    </div>
  );
}
