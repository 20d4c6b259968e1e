/** From part to part of a drawing: along the ways, to what lies above or below, or through everything in the order of a run. */

import { entering, leaving, nodeOf, type Position, type Transition, type WorkflowDocument, type WorkflowNode } from "./document.ts";

type Side = "left" | "right" | "up" | "down";
type Step = "next" | "previous" | "first" | "last";
export type Direction = Side | Step;
export type Part = { readonly kind: "node" | "way" | "note"; readonly id: string };

/** The part in this direction; from nothing, it is where a run begins, or the last of all. */
export function partFrom(document: WorkflowDocument, from: Part | null, direction: Direction): Part | undefined {
  return isSide(direction) ? along(document, from, direction) : stepped(partsOf(document), from, direction);
}

/** The same from node to node, for whoever walks no ways and notes. */
export function nodeFrom(document: WorkflowDocument, from: string | null, direction: Direction): Part | undefined {
  const part: Part | null = from === null ? null : { kind: "node", id: from };
  return isSide(direction) ? along(document, part, direction) : stepped(partsOf(document).filter(({ kind }) => kind === "node"), part, direction);
}

function stepped(parts: readonly Part[], from: Part | null, direction: Step): Part | undefined {
  const at = parts.findIndex(({ kind, id }) => kind === from?.kind && id === from.id);
  if (direction === "first" || (direction === "next" && at < 0)) return parts[0];
  if (direction === "last" || at < 0) return parts.at(-1);
  return parts[at + (direction === "next" ? 1 : -1)];
}

/** Each node with its ways out and all that these lead to, before the next way; what no way leads to, and the notes, after it. */
export function partsOf(document: WorkflowDocument): Part[] {
  const parts: Part[] = [];
  const ways = new Map(document.nodes.map(({ id }) => [id, [] as Transition[]]));
  for (const way of document.transitions.toSorted((one, other) => (one.priority ?? 0) - (other.priority ?? 0))) ways.get(way.source)?.push(way);
  const left = new Set(document.nodes.map(({ id }) => id));
  const begin = document.nodes.toSorted((one, other) => Number(other.type === "START") - Number(one.type === "START"));
  for (const { id } of begin) {
    const ahead: Part[] = [{ kind: "node", id }];
    // A stack and no recursion: a chain may be as long as a document.
    for (let part = ahead.pop(); part; part = ahead.pop()) {
      if (part.kind === "node" && !left.delete(part.id)) continue;
      parts.push(part);
      if (part.kind !== "node") continue;
      for (const way of (ways.get(part.id) ?? []).toReversed()) ahead.push({ kind: "node", id: way.target }, { kind: "way", id: way.id });
    }
  }
  return [...parts, ...document.notes.map(({ id }): Part => ({ kind: "note", id }))];
}

function isSide(direction: Direction): direction is Side {
  return direction === "left" || direction === "right" || direction === "up" || direction === "down";
}

function along(document: WorkflowDocument, from: Part | null, side: Side): Part | undefined {
  const way = from?.kind === "way" ? document.transitions.find(({ id }) => id === from.id) : undefined;
  if (way && side === "right") return asPart(nodeOf(document, way.target));
  if (way && side === "left") return asPart(nodeOf(document, way.source));
  const node = nodeOf(document, way?.source ?? (from?.kind === "node" ? from.id : ""));
  return asPart(node ? nextOf(document, node, side) : (document.nodes.find(({ type }) => type === "START") ?? document.nodes[0]));
}

function asPart(node: WorkflowNode | undefined): Part | undefined {
  return node && { kind: "node", id: node.id };
}

function nextOf(document: WorkflowDocument, from: WorkflowNode, side: Side): WorkflowNode | undefined {
  switch (side) {
    case "right":
      return leaving(document, from.id).map(({ target }) => nodeOf(document, target)).find((node) => node && node.id !== from.id);
    case "left":
      return entering(document, from.id).map(({ source }) => nodeOf(document, source)).find((node) => node && node.id !== from.id);
    default:
      return beside(document, from, side === "up" ? -1 : 1);
  }
}

/** The nearest above or below; what lies straight there counts as nearer than what lies aslant. */
function beside(document: WorkflowDocument, from: WorkflowNode, sign: 1 | -1): WorkflowNode | undefined {
  const here = placeOf(from);
  const far = (node: WorkflowNode): number => {
    const { x, y } = placeOf(node);
    return sign * (y - here.y) + 3 * Math.abs(x - here.x);
  };
  return document.nodes
    .filter((node) => sign * (placeOf(node).y - here.y) > 0)
    .reduce<WorkflowNode | undefined>((best, node) => (best && far(best) <= far(node) ? best : node), undefined);
}

function placeOf({ position }: WorkflowNode): Position {
  return position ?? { x: 0, y: 0 };
}
