/** A standing as the canvas paints it: a status for each node, the tokens, the path taken. */

import type { NodeStatus, RunState, Status } from "../../canvas/state/run-paint.ts";
import type { Standing } from "./fold.ts";
import type { Step, StepStatus } from "./steps.ts";

const STATUSES: Readonly<Record<StepStatus, Status>> = {
  running: "running", waiting: "waiting", retrying: "waiting", done: "done", failed: "failed", skipped: "skipped", pinned: "pinned", cancelled: "cancelled",
};

/** `until` is the moment that the standing is of, where that is not now: what went on then had lasted until then. */
export function painted(at: Standing, until: string | null = null): RunState {
  const statuses: Record<string, NodeStatus> = {};
  for (const [node, passed] of at.passed) statuses[node] = statusOf(at.steps.get(passed.step)!, passed.count, until);
  for (const token of at.tokens.values()) {
    if (token.phase !== "ready" || token.isLeaving) continue;
    statuses[token.node_id] = { status: "queued", since: token.since, ...count(at.passed.get(token.node_id)?.count) };
  }
  for (const [join, { arrived, expected }] of at.joined) {
    const isOpen = [...at.forks.values()].some((fork) => fork.join === join);
    const known = statuses[join];
    if (isOpen) statuses[join] = { status: "waiting", arrived, expected };
    else if (known) statuses[join] = { ...known, arrived, expected };
  }
  const tokens = [...at.tokens].map(([branch, token]) => ({ id: branch, node_id: token.node_id, branch }));
  const standing = [...at.tokens.values()].map((token) => token.node_id);
  const last = at.steps.at(at.steps.size - 1)?.node_id;
  return { statuses, taken: [...at.taken], tokens, front: standing.length || !last ? standing : [last] };
}

function statusOf(step: Step, times: number, until: string | null): NodeStatus {
  const soFar = until === null ? {} : { took_s: (Date.parse(until) - Date.parse(step.started_at)) / 1000 };
  return {
    status: STATUSES[step.status],
    attempt: step.attempt,
    ...(until === null ? { since: step.started_at } : {}),
    ...(step.duration_ms === null ? soFar : { took_s: step.duration_ms / 1000 }),
    ...count(times),
  };
}

function count(times: number | undefined): { readonly count?: number } {
  return times ? { count: times } : {};
}
