/** A card of a large drawing seen from afar: where the node is, its name in large letters, how it fares. */

import { useState } from "react";
import { Handle, Position, useStore, type NodeProps } from "@xyflow/react";
import { Plus } from "lucide-react";
import { MAIN } from "../document/connecting.ts";
import { titleOf, type WorkflowNode } from "../document/document.ts";
import { runPaint } from "../state/run-paint.ts";
import { useMark, useNodeStatus } from "../state/use-run-paint.ts";
import { useCanvas, useLastStep, useLensOf } from "./context.ts";
import type { Card } from "./derive.ts";

const UNPAINTED = runPaint("none");

export function FarCard({ data: { node, problems }, selected, width = 0 }: NodeProps<Card>) {
  const { editor, paint, changes } = useCanvas();
  const [isOver, setOver] = useState(false);
  const last = useLastStep(node.id);
  const status = useNodeStatus(paint ?? UNPAINTED, node.id);
  const mark = useMark(paint ?? UNPAINTED, node.id);
  const role = useLensOf(node.id)?.role;
  const fares = paint ? status?.status : last?.status === "failed" && "failed";
  const classes = ["oc-far", `oc-far-${node.type}`, selected && "is-selected", node.disabled && "is-disabled", problems.errors > 0 && "has-errors", fares && `is-${fares}`, mark && "is-marked", role && `lens-${role}`, changes && `is-${changes.get(node.id) ?? "same"}`];
  return (
    <div className={classes.filter(Boolean).join(" ")} data-testid={`node-${node.id}`} data-type={node.type} title={node.description} onPointerEnter={() => setOver(true)} onPointerLeave={() => setOver(false)}>
      {titleOf(node)}
      {isOver && editor && node.type !== "END" && <WayOut node={node} width={width} />}
    </div>
  );
}

/** As wide as a hand needs, in pixels of the screen; most of the card is there to be dragged. */
const REACH = 18;
const SHARE = 1 / 3;

/** Only the card under the pointer has one: hundreds of handles would be hundreds of elements more to draw. */
function WayOut({ node, width }: { readonly node: WorkflowNode; readonly width: number }) {
  const zoom = useStore(({ transform }) => transform[2]);
  const id = node.type === "DECISION" ? "CONDITION_MET" : MAIN;
  return (
    <Handle type="source" id={id} position={Position.Right} className="oc-far-out" style={{ width: Math.min(width * SHARE, REACH / zoom) }} role="img" aria-label={`Way out of ${titleOf(node)}`} data-testid={`handle-${node.id}-${id}`}>
      <Plus strokeWidth={3} aria-hidden />
    </Handle>
  );
}
