/** What the run waits for: from a person, with the form to answer it right there, or only for a time to come. */

import { useState } from "react";
import { Check, Hourglass } from "lucide-react";
import { nodeOf, titleOf } from "../../canvas/document/document.ts";
import { RelativeTime } from "../../components/time.tsx";
import type { Json, JsonObject } from "../data/event.ts";
import type { Wait } from "../data/fold.ts";
import { useRoom, useShown, useView } from "./context.ts";
import { Button } from "./kit.tsx";
import { CallApproval } from "./call-approval.tsx";
import { SchemaForm } from "../../components/schema-form.tsx";

export function Signals() {
  const { timeline } = useShown();
  const liveRun = useView((view) => view.news?.run_id ?? null);
  const at = useView((view) => view.at);
  if (liveRun !== timeline.runId || at !== null) return null;
  const waits = [...timeline.now.waits].filter(([, wait]) => wait.signal !== null);
  if (!waits.length) return <Timers waits={[...timeline.now.waits.values()]} />;
  return (
    <section aria-label="Signals waiting for an answer" className="flex max-h-[60%] shrink-0 flex-col gap-4 overflow-y-auto [overflow-wrap:anywhere] border-b border-line bg-wait/5 p-3 max-[899px]:border-t" data-testid="signals">
      {waits.map(([branch, wait]) => {
        const key = `${branch}:${wait.since}:${wait.signal}`;
        return wait.call ? <CallApproval key={key} wait={wait} call={wait.call} /> : <Question key={key} wait={wait} />;
      })}
    </section>
  );
}

/** Named where nothing else is waited for: what asks for an answer comes first. */
function Timers({ waits }: { readonly waits: readonly Wait[] }) {
  const document = useView((view) => view.document);
  if (!waits.length) return null;
  return (
    <ul aria-label="Waiting for a time" className="flex max-h-40 shrink-0 flex-col gap-1 overflow-y-auto border-b border-line bg-wait/5 px-3 py-2 max-[899px]:border-t" data-testid="timers">
      {waits.map(({ node_id: id, until, since, text }) => (
        <li key={`${id}:${since}`} className="flex items-start gap-2 text-xs">
          <Hourglass size={13} aria-hidden className="mt-0.5 shrink-0 text-wait" />
          <span className="min-w-0 [overflow-wrap:anywhere]">
            <b className="font-medium">{titleOf((document && nodeOf(document, id)) ?? { id })}</b> {text ? `rests before ${text}` : "waits"}
            {until && <> until <RelativeTime at={until} absolute />, <RelativeTime at={until} /></>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Question({ wait }: { readonly wait: Wait }) {
  const { model, canEdit } = useRoom();
  const node = useView((view) => view.document?.nodes.find((each) => each.id === wait.node_id));
  const isBusy = useView((view) => view.doing !== null);
  const [sent, setSent] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const send = async (payload: Json): Promise<void> => {
    const reply = await model.answer(wait.signal!, payload);
    setSent(reply?.kind === "ok");
    setFault(reply && reply.kind !== "ok" ? reply.detail : null);
  };
  return (
    <div className="flex w-full max-w-xl flex-col gap-2">
      <div className="flex items-start gap-2">
        <Hourglass size={15} aria-hidden className="mt-0.5 shrink-0 text-wait" />
        <div className="min-w-0">
          <p className="whitespace-pre-wrap break-words text-sm font-medium">{wait.text || `Waiting for the signal “${wait.signal}”`}</p>
          <p className="text-xs text-mute">
            {titleOf(node ?? { id: wait.node_id })} · signal {wait.signal} · since <RelativeTime at={wait.since} />
            {wait.until && <> · until <RelativeTime at={wait.until} absolute /></>}
          </p>
        </div>
      </div>
      {!canEdit && <p className="text-xs text-mute">Your role may look, but not answer.</p>}
      {node && (
        <SchemaForm schema={wait.form_schema ?? (node.config["form_schema"] as JsonObject | undefined)} isDisabled={!canEdit || isBusy || sent} fault={fault} onSend={(payload) => void send(payload)}>
          <Button type="submit" look="solid" Icon={Check} className="self-end" disabled={!canEdit || isBusy || sent}
            title={canEdit ? undefined : "Your role may look, but not answer."}>
            {sent ? "Answered" : "Answer"}
          </Button>
        </SchemaForm>
      )}
    </div>
  );
}
