/** What the reader must know besides: the connection is lost, or what is shown is not the present. */

import { Link } from "react-router";
import { History, ServerOff, WifiOff } from "lucide-react";
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
          <WifiOff size={14} aria-hidden />
          Connection lost, reconnecting … Nothing is lost: what happens meanwhile is shown then.
        </div>
      )}
    </div>
  );
}

/** A run that nobody begins. */
function Unserved() {
  const isAlone = useView((view) => view.news?.status === "QUEUED" && !view.news.has_workers);
  return (
    <div role="status" data-testid="unserved">
      {isAlone && (
        <div className="flex items-center gap-2 border-b border-line bg-wait/10 px-4 py-1.5 text-xs text-wait">
          <ServerOff size={14} aria-hidden />
          No worker is alive: this run begins as soon as one is. <Link to="/settings/health" className="underline underline-offset-2">Health</Link>
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
