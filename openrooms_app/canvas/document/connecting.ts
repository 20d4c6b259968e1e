/** What a drawn connection means: the kind it is given beforehand, or one sentence on why it is refused. */

import { leaving, nodeOf, titleOf, transitionOf, type On, type Outcome, type Transition, type WorkflowDocument, type WorkflowNode } from "./document.ts";

/** The handle on the right of a card: its kind depends on what has been drawn already. */
export const MAIN = "out";
/** The handle of a way that is already drawn, on the card of a DECISION: dragging it moves that way. */
export const WAY = "way:";

export type Wish = { readonly source: string; readonly handle: string | null; readonly target: string };

export type Answer =
  | { readonly kind: "new"; readonly on: On; readonly priority?: number }
  | { readonly kind: "move"; readonly transition: string; readonly on: On }
  | { readonly kind: "refused"; readonly reason: string };

/** The outcomes that a node type can end with, in the order in which its ways out are offered. */
export type OutcomesOf = (type: string) => readonly Outcome[];

/** What dropping this connection would do. */
export function answer(document: WorkflowDocument, wish: Wish, outcomesOf: OutcomesOf): Answer {
  const source = nodeOf(document, wish.source);
  const target = nodeOf(document, wish.target);
  if (!source || !target) return refused("This node is gone.");
  if (target.type === "START") return refused("Nothing leads into START: a run begins there.");
  const way = preset(document, source, wish.handle ?? MAIN, outcomesOf);
  if (way.kind === "refused") return way;
  if (source.id === target.id && (source.type === "DECISION" || source.type === "PARALLEL")) {
    return refused(`A ${source.type} cannot lead to itself.`);
  }
  return isThere(document, way, source.id, target.id)
    ? refused(`${quoted(source)} already leads to ${quoted(target)} on ${way.on}.`)
    : way;
}

/** The kind that a connection from this handle gets, wherever it ends. */
export function preset(document: WorkflowDocument, source: WorkflowNode, handle: string, outcomesOf: OutcomesOf): Answer {
  if (source.type === "END") return refused("Nothing leaves END: a run is complete there.");
  if (handle.startsWith(WAY)) return moving(document, handle.slice(WAY.length));
  const ways = leaving(document, source.id);
  if (handle === "CONDITION_MET") return condition(ways);
  if (handle === MAIN) return presetOfMain(source, ways, outcomesOf);
  return outcomeWay(source, handle as On, ways, document);
}

function presetOfMain(source: WorkflowNode, ways: readonly Transition[], outcomesOf: OutcomesOf): Answer {
  switch (source.type) {
    case "PARALLEL":
      return { kind: "new", on: "ALWAYS" };
    case "START":
      return ways.length
        ? refused("START leads to one node. Put a DECISION after it to choose, or a PARALLEL to fork.")
        : { kind: "new", on: "ALWAYS" };
    case "DECISION":
      return ways.length === 1 && ways[0]!.on === "CONDITION_MET" ? { kind: "new", on: "ALWAYS" } : condition(ways);
    default:
      return nextOutcome(source, ways, outcomesOf);
  }
}

function nextOutcome(source: WorkflowNode, ways: readonly Transition[], outcomesOf: OutcomesOf): Answer {
  const taken = new Set(ways.map((way) => (way.on === "ALWAYS" ? "SUCCESS" : way.on)));
  const free = outcomesOf(source.type).find((outcome) => !taken.has(outcome));
  if (free) return { kind: "new", on: free };
  return refused(`${quoted(source)} has a way out for every outcome. Put a DECISION after it to choose.`);
}

function condition(ways: readonly Transition[]): Answer {
  const priorities = ways.filter((way) => way.on === "CONDITION_MET").map((way) => way.priority ?? 0);
  return { kind: "new", on: "CONDITION_MET", priority: priorities.length ? Math.max(...priorities) + 1 : 0 };
}

function outcomeWay(source: WorkflowNode, on: On, ways: readonly Transition[], document: WorkflowDocument): Answer {
  const rival = source.type === "PARALLEL" ? undefined : ways.find((way) => way.on === on);
  if (!rival) return { kind: "new", on };
  const target = nodeOf(document, rival.target);
  const name = on === "ALWAYS" && source.type === "DECISION" ? "otherwise" : on;
  return refused(`${quoted(source)} already leads to ${target ? quoted(target) : rival.target} on ${name}. Move that way instead.`);
}

function moving(document: WorkflowDocument, id: string): Answer {
  const transition = transitionOf(document, id);
  return transition ? { kind: "move", transition: id, on: transition.on } : refused("This way is gone.");
}

function isThere(document: WorkflowDocument, way: { on: On; transition?: string }, source: string, target: string): boolean {
  if (way.on === "CONDITION_MET") return false;
  return document.transitions.some(
    (each) => each.id !== way.transition && each.source === source && each.target === target && each.on === way.on,
  );
}

/** Why a transition's end can't be moved to these nodes; null when it can. */
export function retargetFault(document: WorkflowDocument, source: string, target: string): string | null {
  const from = nodeOf(document, source);
  const to = nodeOf(document, target);
  if (!from || !to) return "This node is gone.";
  if (to.type === "START") return "Nothing leads into START: a run begins there.";
  if (from.type === "END") return "Nothing leaves END: a run is complete there.";
  return null;
}

function refused(reason: string): Extract<Answer, { kind: "refused" }> {
  return { kind: "refused", reason };
}

function quoted(node: WorkflowNode): string {
  const title = titleOf(node);
  return `“${title.length > 28 ? `${title.slice(0, 27)}…` : title}”`;
}
