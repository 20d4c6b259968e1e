/** What a run has done at a card: its status, the try, the time so far, the tokens that stand there. */

import { useSyncExternalStore } from "react";
import { Check, CircleSlash, Clock, Hourglass, Loader, X, type LucideIcon } from "lucide-react";
import { duration } from "../document/summary.ts";
import type { NodeStatus, RunPaint, Status } from "../state/run-paint.ts";
import { useNodeStatus, useTokens } from "../state/use-run-paint.ts";

const ICONS: Readonly<Record<Status, LucideIcon>> = {
  queued: Clock, running: Loader, waiting: Hourglass, done: Check, failed: X, skipped: CircleSlash,
};

export function RunMarks({ paint, nodeId }: { readonly paint: RunPaint; readonly nodeId: string }) {
  const status = useNodeStatus(paint, nodeId);
  const tokens = useTokens(paint, nodeId);
  if (!status && !tokens) return null;
  const Icon = status ? ICONS[status.status] : null;
  return (
    <>
      {status && <span className={`oc-ring oc-ring-${status.status}`} aria-hidden />}
      <span className={`oc-marks oc-marks-${status?.status ?? "queued"}`} data-testid={`status-${nodeId}`} data-status={status?.status ?? "token"}>
        {Icon && <Icon size={11} strokeWidth={2.4} aria-hidden />}
        {status && <span>{status.status}</span>}
        {status && <Details status={status} />}
        {tokens > 1 && <span className="oc-tokens">{tokens} tokens</span>}
      </span>
    </>
  );
}

function Details({ status }: { readonly status: NodeStatus }) {
  const { attempt = 1, count = 1, arrived, expected, took_s: took } = status;
  const isOn = status.status === "running" || status.status === "waiting";
  return (
    <>
      {expected !== undefined && <b>{arrived ?? 0}/{expected}</b>}
      {attempt > 1 && <span>try {attempt}</span>}
      {count > 1 && <span>×{count}</span>}
      {isOn && status.since !== undefined ? <Elapsed since={status.since} /> : took !== undefined && <span>{duration(took)}</span>}
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
