/** What was said in the room to its agents and by them, the newest first; it can be cleared. */

import { useEffect, useState } from "react";
import { Eraser, MessagesSquare } from "lucide-react";
import { Dialog } from "../../components/overlays.tsx";
import { RelativeTime } from "../../components/time.tsx";
import type { ConversationTurn } from "../data/event.ts";
import { useRoom } from "./context.ts";
import { Button, GroupTitle, Notice, Skeleton } from "./kit.tsx";
import { useRecalled } from "./memory.tsx";
import { Long } from "./turns.tsx";

export function Conversation() {
  const { model, canEdit } = useRoom();
  const { turns, hasOlder } = useRecalled();
  const [isAsking, setAsking] = useState(false);
  useEffect(() => void model.memory.loadTurns(), [model]);
  if (!turns) return <Skeleton className="h-24 w-full" />;
  if (!turns.length) return <Notice Icon={MessagesSquare} title="Nothing has been said yet">Agents that use the room&apos;s history add to it.</Notice>;
  return (
    <div className="flex flex-col gap-2" data-testid="conversation">
      <GroupTitle aside={canEdit && <Button look="quiet" Icon={Eraser} className="h-7 px-2 text-xs" onClick={() => setAsking(true)}>Clear</Button>}>The newest first</GroupTitle>
      <ol className="flex flex-col gap-2">
        {turns.map((turn) => <Said key={turn.id} turn={turn} />)}
      </ol>
      {hasOlder && <Button className="self-center" onClick={() => void model.memory.loadOlder()}>Older</Button>}
      {isAsking && <Clearing onClose={() => setAsking(false)} />}
    </div>
  );
}

const ROLES: Readonly<Record<string, string>> = { user: "To the agent", assistant: "Agent", summary: "Summary of what was said before" };

function Said({ turn }: { readonly turn: ConversationTurn }) {
  const isSummary = turn.role === "summary";
  return (
    <li className={`rounded-md border p-2 ${isSummary ? "border-dashed border-line-strong bg-hover/40" : turn.role === "assistant" ? "border-line bg-hover/50" : "border-line bg-bg"}`} data-role={turn.role}>
      <p className="flex justify-between gap-2 text-2xs text-mute">
        <b className="font-medium">{ROLES[turn.role] ?? turn.role}</b>
        <RelativeTime at={turn.at} />
      </p>
      <Long text={turn.content} className="mt-0.5 text-sm" />
    </li>
  );
}

function Clearing({ onClose }: { readonly onClose: () => void }) {
  const { model } = useRoom();
  const clear = (): void => {
    onClose();
    void model.memory.clearConversation();
  };
  return (
    <Dialog open size="small" title="Clear the conversation?" description="The room's agents forget what was said, summaries too. What runs have recorded stays in their logs." onOpenChange={(open) => !open && onClose()}>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" onClick={clear}>Clear</Button>
      </div>
    </Dialog>
  );
}
