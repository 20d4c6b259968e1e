/** A painted run for React: a card or an edge draws anew when its own part of the paint changes. */

import { useSyncExternalStore } from "react";
import type { Mark, NodeStatus, RunPaint } from "./run-paint.ts";

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

export function useWords(paint: RunPaint, nodeId: string): string | undefined {
  const read = (): string | undefined => paint.wordsAt(nodeId);
  return useSyncExternalStore((listener) => paint.watch(`words:${nodeId}`, listener), read, read);
}

export function useMark(paint: RunPaint, id: string): Mark | undefined {
  const read = (): Mark | undefined => paint.markOf(id);
  return useSyncExternalStore((listener) => paint.watch(`mark:${id}`, listener), read, read);
}
