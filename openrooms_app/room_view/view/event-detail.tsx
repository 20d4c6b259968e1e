/** One event with everything that was recorded of it. */

import { useState } from "react";
import { Check, Copy, History, ListTree, X } from "lucide-react";
import type { Json, RunEvent } from "../data/event.ts";
import { useRoom } from "./context.ts";
import { JsonTree } from "../../components/json-tree.tsx";
import { Button, copy, IconButton } from "./kit.tsx";

export function EventDetail({ event, onClose }: { readonly event: RunEvent; readonly onClose: () => void }) {
  const { model } = useRoom();
  const [isDone, setDone] = useState(false);
  const onCopy = async (): Promise<void> => {
    if (!(await copy(JSON.stringify(event, null, 2)))) return;
    setDone(true);
    setTimeout(() => setDone(false), 1_000);
  };
  const facts = [
    ["event", String(event.seq)],
    ["node", event.node_id],
    ["step", event.step],
    ["attempt", event.attempt],
    ["branch", event.branch || null],
    ["took", event.duration_ms === null ? null : `${event.duration_ms.toLocaleString()} ms`],
  ].filter(([, value]) => value !== null);
  return (
    <div className="max-h-[55%] shrink-0 overflow-y-auto border-t border-line bg-bg px-3 py-2" data-testid="event-detail">
      <div className="flex flex-wrap items-center gap-1">
        <strong className="min-w-0 flex-1 truncate font-mono text-xs font-semibold">{event.type}</strong>
        <div className="flex max-sm:order-last max-sm:w-full">
          {event.step !== null && <Button look="quiet" Icon={ListTree} className="h-7 px-2 text-xs" onClick={() => model.into(event.step!)}>Step {event.step}</Button>}
          <Button look="quiet" Icon={History} className="h-7 px-2 text-xs" onClick={() => model.look(event.seq)}>Show this moment</Button>
        </div>
        <IconButton Icon={isDone ? Check : Copy} label="Copy the event as JSON" onClick={() => void onCopy()} />
        <IconButton Icon={X} label="Close the event" onClick={onClose} />
      </div>
      <p className="mb-1 whitespace-pre-wrap break-words text-sm">{event.message}</p>
      <p className="mb-1 flex flex-wrap gap-x-3 text-xs text-mute">
        {facts.map(([name, value]) => <span key={name}>{name} <b className="font-medium text-ink">{value}</b></span>)}
      </p>
      {event.error && <JsonTree name="error" value={event.error as Json} open={2} />}
      {Object.keys(event.data).length > 0 && <JsonTree name="data" value={event.data} open={2} />}
    </div>
  );
}
