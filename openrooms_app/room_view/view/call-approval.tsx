/** A call that an agent wants to make and a person has to approve: the tool, what it would be given, yes or no. */

import { useId, useState } from "react";
import { ShieldQuestion, ThumbsDown, ThumbsUp } from "lucide-react";
import { RelativeTime } from "../../components/time.tsx";
import { nodeOf, titleOf } from "../../canvas/document/document.ts";
import { toolOf } from "../../canvas/state/catalogue.ts";
import type { Json } from "../data/event.ts";
import type { Wait } from "../data/fold.ts";
import { useRoom, useView } from "./context.ts";
import { JsonTree } from "../../components/json-tree.tsx";
import { AREA, Button } from "./kit.tsx";
import { Linked } from "./why.tsx";

const LONGEST = 2_000;

type Props = { readonly wait: Wait; readonly call: { readonly tool: string; readonly arguments: Json } };

export function CallApproval({ wait, call }: Props) {
  const { model, canEdit } = useRoom();
  const node = useView((view) => view.document && nodeOf(view.document, wait.node_id));
  const tool = useView((view) => toolOf(view.catalogue, call.tool));
  const isBusy = useView((view) => view.doing !== null);
  const [note, setNote] = useState("");
  const [sent, setSent] = useState<boolean | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const id = useId();
  const answer = async (approved: boolean): Promise<void> => {
    const reply = await model.answer(wait.signal!, { approved, ...(note.trim() ? { note: note.trim() } : {}) });
    setSent(reply?.kind === "ok" ? approved : null);
    setFault(reply && reply.kind !== "ok" ? reply.detail : null);
  };
  const held = { disabled: !canEdit || isBusy || sent !== null, title: canEdit ? undefined : "Your role may look, but not answer." };
  return (
    <form className="flex w-full max-w-xl flex-col gap-2" aria-label={`Approval of ${call.tool}`} data-testid="approval" onSubmit={(event) => event.preventDefault()}>
      <div className="flex items-start gap-2">
        <ShieldQuestion size={16} aria-hidden className="mt-0.5 shrink-0 text-wait" />
        <div className="min-w-0 flex-1">
          <p className="text-sm font-medium">
            <Linked onClick={() => model.inspect(wait.node_id)}>{node ? titleOf(node) : wait.node_id}</Linked> wants to call <code className="rounded bg-hover px-1 font-mono">{call.tool}</code>
          </p>
          {tool?.description && <p className="text-xs text-mute">{tool.description}</p>}
          <p className="text-xs text-mute">
            since <RelativeTime at={wait.since} />
            {wait.until && <> · denied unless approved until <RelativeTime at={wait.until} absolute /></>}
          </p>
        </div>
      </div>
      <div className="rounded-md border border-line bg-panel p-1"><JsonTree name="arguments" value={call.arguments} path="" open={3} /></div>
      {!canEdit && <p className="text-xs text-mute">Your role may look, but not answer.</p>}
      <div>
        <label htmlFor={id} className="mb-1 block text-xs font-medium">Note for the agent <span className="font-normal text-mute">(optional)</span></label>
        <textarea id={id} rows={2} maxLength={LONGEST} value={note} disabled={held.disabled} onChange={(event) => setNote(event.target.value)} className={`${AREA} !min-h-14`} />
      </div>
      {fault && <p role="alert" className="text-xs text-fail">{fault}</p>}
      <div className="flex justify-end gap-2">
        <Button look="danger" Icon={ThumbsDown} {...held} onClick={() => void answer(false)}>{sent === false ? "Denied" : "Deny"}</Button>
        <Button look="solid" Icon={ThumbsUp} {...held} onClick={() => void answer(true)}>{sent ? "Approved" : "Approve"}</Button>
      </div>
    </form>
  );
}
