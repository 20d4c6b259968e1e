/** A painted run for React: a card or an edge draws anew when its own part of the paint changes. */

import { useSyncExternalStore } from "react";
import type { NodeStatus, RunPaint } from "./run-paint.ts";

export function useNodeStatus(paint: RunPaint, nodeId: string): NodeStatus | undefined {
  const read = (): NodeStatus | undefined => paint.statusOf(nodeId);
  return useSyncExternalStore((listener) => paint.watch(`node:${nodeId}`, listener), read, read);
}

export function useTokens(paint: RunPaint, nodeId: string): number {
  const read = (): number => paint.tokensAt(nodeId);
  return useSyncExternalStore((listener) => paint.watch(`node:${nodeId}`, listener), read, read);
}

export function useIsTaken(paint: RunPaint, transitionId: string): boolean {
  const read = (): boolean => paint.isTaken(transitionId);
  return useSyncExternalStore((listener) => paint.watch(`way:${transitionId}`, listener), read, read);
}
