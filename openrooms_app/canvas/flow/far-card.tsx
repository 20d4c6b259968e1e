/** A card of a large drawing seen from afar: where the node is, its name in large letters, how it fares. */

import type { NodeProps } from "@xyflow/react";
import { titleOf } from "../document/document.ts";
import { runPaint } from "../state/run-paint.ts";
import { useMark, useNodeStatus } from "../state/use-run-paint.ts";
import { useCanvas, useLastStep, useLensOf } from "./context.ts";
import type { Card } from "./derive.ts";

const UNPAINTED = runPaint("none");

export function FarCard({ data: { node, problems }, selected }: NodeProps<Card>) {
  const { paint, changes } = useCanvas();
  const last = useLastStep(node.id);
  const status = useNodeStatus(paint ?? UNPAINTED, node.id);
  const mark = useMark(paint ?? UNPAINTED, node.id);
  const role = useLensOf(node.id)?.role;
  const fares = paint ? status?.status : last?.status === "failed" && "failed";
  const classes = ["oc-far", `oc-far-${node.type}`, selected && "is-selected", node.disabled && "is-disabled", problems.errors > 0 && "has-errors", fares && `is-${fares}`, mark && "is-marked", role && `lens-${role}`, changes && `is-${changes.get(node.id) ?? "same"}`];
  return (
    <div className={classes.filter(Boolean).join(" ")} data-testid={`node-${node.id}`} data-type={node.type} title={node.description}>
      {titleOf(node)}
    </div>
  );
}
