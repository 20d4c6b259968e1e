/** What a run has done at a card: its status, the try, the time so far, the tokens that stand there. */

import { useSyncExternalStore } from "react";
import { Ban, Check, CircleSlash, Clock, Hourglass, Loader, Pin, X, type LucideIcon } from "lucide-react";
import { duration } from "../document/summary.ts";
import type { Mark, NodeStatus, RunPaint, Status } from "../state/run-paint.ts";
import { useMark, useNodeStatus, useTokens, useWords } from "../state/use-run-paint.ts";

const ICONS: Readonly<Record<Status, LucideIcon>> = {
  queued: Clock, running: Loader, waiting: Hourglass, done: Check, failed: X, skipped: CircleSlash, pinned: Pin, cancelled: Ban,
};

export function RunMarks({ paint, nodeId }: { readonly paint: RunPaint; readonly nodeId: string }) {
  const status = useNodeStatus(paint, nodeId);
  const tokens = useTokens(paint, nodeId);
  const mark = useMark(paint, nodeId);
  if (!status && !tokens) return mark ? <Difference mark={mark} /> : null;
  const Icon = status ? ICONS[status.status] : null;
  return (
    <>
      {status && <span className={`oc-ring oc-ring-${status.status}`} aria-hidden />}
      <span className={`oc-marks oc-marks-${status?.status ?? "queued"}`} data-testid={`status-${nodeId}`} data-status={status?.status ?? "token"}>
        {Icon && <Icon size={11} strokeWidth={2.4} aria-hidden />}
        {status && <span>{status.status}</span>}
        {status && status.status !== "pinned" && <Details status={status} />}
        {tokens > 1 && <span className="oc-tokens">{tokens} tokens</span>}
      </span>
      {mark && <Difference mark={mark} />}
      <Words paint={paint} nodeId={nodeId} />
    </>
  );
}

const DIFFERENCES: Readonly<Record<Mark, string>> = {
  first: "first difference", differs: "differs", here: "only here", there: "only there",
};

/** What tells the card apart from the same one in another run. */
function Difference({ mark }: { readonly mark: Mark }) {
  return <span className={`oc-mark oc-mark-${mark}`} data-testid="difference" data-mark={mark}>{DIFFERENCES[mark]}</span>;
}

/** Longer than this no card shows; the rest is in the step. */
const SAID = 64;

/** The end of what a model says at this moment. */
function Words({ paint, nodeId }: { readonly paint: RunPaint; readonly nodeId: string }) {
  const words = useWords(paint, nodeId);
  if (!words) return null;
  return <div className="oc-words-said" data-testid={`words-${nodeId}`}><span>{words.length > SAID ? `…${words.slice(-SAID)}` : words}</span></div>;
}

function Details({ status }: { readonly status: NodeStatus }) {
  const { attempt = 1, count = 1, arrived, expected, took_s: took } = status;
  const isOn = status.status === "running" || status.status === "waiting";
  return (
    <>
      {expected !== undefined && <b>{arrived ?? 0}/{expected}</b>}
      {attempt > 1 && <span>try {attempt}</span>}
      {count > 1 && <span>×{count}</span>}
      {isOn && status.since !== undefined ? <Elapsed since={status.since} /> : took !== undefined && took >= 0.01 && <span>{duration(took)}</span>}
    </>
  );
}

/** One clock for all cards: a tick a second while anybody looks. */
const clock = {
  now: Date.now(),
  listeners: new Set<() => void>(),
  timer: undefined as ReturnType<typeof setInterval> | undefined,
};

function watchClock(listener: () => void): () => void {
  clock.listeners.add(listener);
  clock.timer ??= setInterval(() => {
    clock.now = Date.now();
    clock.listeners.forEach((each) => each());
  }, 1_000);
  return () => {
    clock.listeners.delete(listener);
    if (clock.listeners.size) return;
    clearInterval(clock.timer);
    clock.timer = undefined;
  };
}

function Elapsed({ since }: { readonly since: string | number }) {
  const now = useSyncExternalStore(watchClock, () => clock.now, () => clock.now);
  const seconds = Math.max(0, Math.round((now - new Date(since).getTime()) / 1_000));
  return <span className="oc-elapsed">{duration(seconds)}</span>;
}
