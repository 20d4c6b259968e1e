/** The server's findings, sorted to where they are shown: the card, the edge, the field. */

import type { WorkflowDocument } from "./document.ts";

export type Problem = {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly node_id?: string | null;
  readonly transition_id?: string | null;
  /** JSON pointer into the document, as `/nodes/3/config/prompt`. */
  readonly path?: string;
};

export type Count = { readonly errors: number; readonly warnings: number };

export const NONE: Count = { errors: 0, warnings: 0 };

export function countOf(problems: readonly Problem[]): Count {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  return { errors, warnings: problems.length - errors };
}

/** Problems by the id of what they are about; equal counts keep nothing, so cards compare them by value. */
export function countsBy(problems: readonly Problem[], key: "node_id" | "transition_id"): ReadonlyMap<string, Count> {
  const counts = new Map<string, Count>();
  for (const problem of problems) {
    const id = problem[key];
    if (!id) continue;
    const { errors, warnings } = counts.get(id) ?? NONE;
    counts.set(id, problem.severity === "error" ? { errors: errors + 1, warnings } : { errors, warnings: warnings + 1 });
  }
  return counts;
}

/** Errors first, otherwise as the server ordered them. */
export function ranked(problems: readonly Problem[]): Problem[] {
  const rank = (problem: Problem): number => (problem.severity === "error" ? 0 : 1);
  return [...problems].sort((one, other) => rank(one) - rank(other));
}

/** The parts of a JSON pointer. */
export function pathParts(pointer: string | undefined): string[] {
  if (!pointer?.startsWith("/")) return [];
  return pointer.slice(1).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export type Place = { readonly nodes?: string; readonly transitions?: string };

/** The problems of one node, transition or the workflow's head, each with the path inside it. */
export function problemsAt(problems: readonly Problem[], document: WorkflowDocument, place: Place): LocalProblem[] {
  return problems.flatMap((problem) => {
    const path = localPath(problem, document, place);
    return path ? [{ ...problem, at: path }] : [];
  });
}

export type LocalProblem = Problem & { readonly at: readonly string[] };

function localPath(problem: Problem, document: WorkflowDocument, place: Place): readonly string[] | null {
  const parts = pathParts(problem.path);
  const [list, index, ...rest] = parts;
  const isListed = list === "nodes" || list === "transitions";
  if (place.nodes !== undefined) {
    const isHere = list === "nodes" && document.nodes[Number(index)]?.id === place.nodes;
    if (isHere) return rest;
    return problem.node_id === place.nodes && !problem.transition_id ? [] : null;
  }
  if (place.transitions !== undefined) {
    const isHere = list === "transitions" && document.transitions[Number(index)]?.id === place.transitions;
    if (isHere) return rest;
    return problem.transition_id === place.transitions ? [] : null;
  }
  return isListed || problem.node_id || problem.transition_id ? null : parts;
}

/** The problems under a field: at `path` or deeper. */
export function under(problems: readonly LocalProblem[], path: readonly string[]): LocalProblem[] {
  return problems.filter(({ at }) => path.every((part, index) => at[index] === part));
}
