/** An agent's turns: each question with its answer, the tools it called and what they gave, what it cost. */

import { useState, type ReactNode } from "react";
import { Bot, ChevronRight, LoaderCircle, ShieldCheck, ShieldQuestion, ShieldX, Wrench } from "lucide-react";
import { Duration, RelativeTime } from "../../components/time.tsx";
import type { Approval, Call, Turn } from "../data/turns.ts";
import type { Speech } from "../data/words.ts";
import { JsonTree } from "../../components/json-tree.tsx";

type Props = {
  readonly turns: readonly Turn[];
  /** What the model says at this moment. */
  readonly speech: Speech | undefined;
};

export function Turns({ turns, speech }: Props) {
  const isUnknown = speech && !turns.some((turn) => turn.turn === speech.turn);
  return (
    <ol aria-label="Turns of the agent" className="flex flex-col gap-2" data-testid="turns">
      {turns.map((turn) => (
        <TurnCard key={turn.turn} turn={turn} said={speech?.turn === turn.turn ? speech.text : null} />
      ))}
      {isUnknown && <li className="rounded-md border border-line bg-bg p-2"><Speaking text={speech.text} /></li>}
    </ol>
  );
}

function TurnCard({ turn, said }: { readonly turn: Turn; readonly said: string | null }) {
  const isAsking = turn.status === "asking";
  return (
    <li className="rounded-md border border-line bg-bg p-2" data-testid={`turn-${turn.turn}`}>
      <p className="flex flex-wrap items-center gap-x-2 text-xs text-mute">
        {isAsking ? <LoaderCircle size={13} aria-hidden className="animate-spin text-run motion-reduce:animate-none" /> : <Bot size={13} aria-hidden />}
        <b className="font-medium text-ink">{turn.turn ? `Turn ${turn.turn}` : "Summary"}</b>
        <span className="font-mono text-2xs">{[turn.provider, turn.model].filter(Boolean).join(" ")}</span>
        <span className="ml-auto flex gap-2 tabular-nums"><Spent turn={turn} /></span>
      </p>
      {isAsking && said !== null && <Speaking text={said} />}
      {isAsking && said === null && <p className="mt-1 text-xs text-mute">Waiting for the model …</p>}
      {turn.text && <Long text={turn.text} />}
      {turn.error && <p className="mt-1 break-words text-xs text-fail">{turn.error.message ?? turn.error.code}</p>}
      {turn.calls.length > 0 && (
        <ul className="mt-1.5 flex flex-col gap-1.5">
          {turn.calls.map((call) => <CallRow key={call.number} call={call} />)}
        </ul>
      )}
    </li>
  );
}

function Spent({ turn }: { readonly turn: Turn }) {
  if (turn.status !== "answered") return null;
  return (
    <>
      <span title="Tokens read and written">{turn.input_tokens.toLocaleString()} → {turn.output_tokens.toLocaleString()} tokens</span>
      {turn.cost_usd > 0 && <span>{dollars(turn.cost_usd)}</span>}
      <Duration ms={turn.took_ms} />
    </>
  );
}

export function dollars(amount: number): string {
  return `$${amount < 0.01 ? amount.toPrecision(2) : amount.toFixed(amount < 1 ? 3 : 2)}`;
}

/** Words as they come, the newest in sight. */
function Speaking({ text }: { readonly text: string }) {
  return (
    <p className="mt-1 whitespace-pre-wrap break-words text-sm" data-testid="speaking">
      {text}
      <span aria-hidden className="ml-0.5 inline-block h-3.5 w-1.5 translate-y-0.5 animate-pulse bg-run motion-reduce:animate-none" />
    </p>
  );
}

const LONG = 600;

/** A text that shows its beginning first. */
export function Long({ text, className = "mt-1 text-sm" }: { readonly text: string; readonly className?: string }) {
  const [isWhole, setWhole] = useState(false);
  const isLong = text.length > LONG;
  return (
    <p className={`whitespace-pre-wrap break-words ${className}`}>
      {isLong && !isWhole ? `${text.slice(0, LONG)}…` : text}
      {isLong && (
        <button type="button" className="ml-1 cursor-pointer text-2xs text-accent-ink hover:underline" onClick={() => setWhole(!isWhole)}>
          {isWhole ? "less" : `all ${text.length.toLocaleString()} characters`}
        </button>
      )}
    </p>
  );
}

const STATUS: Readonly<Record<Call["status"], readonly [string, string]>> = {
  wanted: ["wanted", "text-mute"], asked: ["waits for approval", "text-wait"], running: ["running", "text-run"], done: ["done", "text-ok"], failed: ["failed", "text-fail"],
};

function CallRow({ call }: { readonly call: Call }) {
  const [isOpen, setOpen] = useState(true);
  const [word, tone] = STATUS[call.status];
  return (
    <li className="rounded border border-line bg-panel" data-testid={`call-${call.number}`}>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} className="flex w-full cursor-pointer items-center gap-1.5 px-2 py-1 text-left text-xs">
        <ChevronRight size={12} aria-hidden className={`shrink-0 text-mute transition-transform ${isOpen ? "rotate-90" : ""}`} />
        <Wrench size={12} aria-hidden className="shrink-0 text-mute" />
        <span className="min-w-0 truncate font-mono font-medium">{call.tool}</span>
        <span className={`ml-auto shrink-0 ${tone}`}>{word}</span>
        {call.took_ms !== null && <span className="shrink-0 text-mute tabular-nums"><Duration ms={call.took_ms} /></span>}
      </button>
      {isOpen && (
        <div className="border-t border-line px-1 py-1">
          {call.approval && <Approved approval={call.approval} />}
          <JsonTree name="arguments" value={call.arguments} path="" open={2} />
          {call.result !== undefined && <JsonTree name="result" value={call.result} path="" open={2} />}
          {call.error && <p className="break-words px-1 py-0.5 text-xs text-fail">{call.error.message ?? call.error.code}</p>}
        </div>
      )}
    </li>
  );
}

function Approved({ approval }: { readonly approval: Approval }) {
  const { approved, by, note, isLate, since } = approval;
  if (isLate) return <Said Icon={ShieldX} tone="text-fail">Nobody approved it in time.</Said>;
  if (approved === null) return <Said Icon={ShieldQuestion} tone="text-wait">Asked <RelativeTime at={since} />; nobody has answered yet.</Said>;
  return (
    <Said Icon={approved ? ShieldCheck : ShieldX} tone={approved ? "text-ok" : "text-fail"}>
      {approved ? "Approved" : "Denied"}{by && ` by ${by}`}{note && `: “${note}”`}
    </Said>
  );
}

function Said({ Icon, tone, children }: { readonly Icon: typeof ShieldX; readonly tone: string; readonly children: ReactNode }) {
  return (
    <p className="flex items-start gap-1.5 px-1 py-0.5 text-xs">
      <Icon size={13} aria-hidden className={`mt-0.5 shrink-0 ${tone}`} />
      <span className="min-w-0 break-words">{children}</span>
    </p>
  );
}
