/** How the last run left a card: its status as a sign, and how long it took. */

import { Ban, Check, CircleSlash, Clock, Hourglass, Loader, Pin, X, type LucideIcon } from "lucide-react";
import { duration } from "../document/summary.ts";
import type { LastStep } from "../state/last-run.ts";
import type { Status } from "../state/run-paint.ts";

const ICONS: Readonly<Record<Status, LucideIcon>> = {
  queued: Clock, running: Loader, waiting: Hourglass, done: Check, failed: X, skipped: CircleSlash, pinned: Pin, cancelled: Ban,
};

export function LastMark({ step: { status, took_s: took, count, at } }: { readonly step: LastStep }) {
  const Icon = ICONS[status];
  const words = `Last run: ${status}${count > 1 ? `, ${count} times` : ""}${took === undefined ? "" : `, ${duration(took)}`}`;
  return (
    <span className={`oc-last oc-last-${status}`} role="img" aria-label={words} title={`${words} · ${new Date(at).toLocaleString()}`} data-testid="last-step" data-status={status}>
      <Icon size={11} strokeWidth={2.6} aria-hidden />
      {took !== undefined && took >= 0.01 && <span>{duration(took)}</span>}
    </span>
  );
}
