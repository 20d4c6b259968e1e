/** A card on the canvas: what the node is, what it does, and a named handle for each way out. */

import { memo } from "react";
import { Handle, Position, type NodeProps } from "@xyflow/react";
import { CircleAlert, Plus, TriangleAlert } from "lucide-react";
import { MAIN } from "../document/connecting.ts";
import { tabMiddle, type Row, type Tab } from "../document/card.ts";
import { titleOf, type WorkflowNode } from "../document/document.ts";
import { canPin } from "../document/trial.ts";
import type { Count } from "../document/problems.ts";
import { TypeTile } from "../icons.tsx";
import { useCanvas, useIsPinned, useLastStep, useLensOf } from "./context.ts";
import type { Card } from "./derive.ts";
import { FarCard } from "./far-card.tsx";
import { LastMark } from "./last-mark.tsx";
import { LensMarks } from "./lens-marks.tsx";
import { PinMark } from "./pin-mark.tsx";
import { RunMarks } from "./run-marks.tsx";

export const FlowNode = memo(function FlowNode(props: NodeProps<Card>) {
  return useCanvas().isFar ? <FarCard {...props} /> : <FullCard {...props} />;
});

function FullCard({ data, selected, width = 0 }: NodeProps<Card>) {
  const { node, rows, tabs, problems, typeTitle } = data;
  const { paint, changes } = useCanvas();
  const last = useLastStep(node.id);
  const isPinned = useIsPinned(node.id) && canPin(node);
  const role = useLensOf(node.id)?.role;
  const title = titleOf(node);
  const classes = ["oc-card", `oc-card-${node.type}`, selected && "is-selected", node.disabled && "is-disabled", problems.errors > 0 && "has-errors", role && `lens-${role}`, changes && `is-${changes.get(node.id) ?? "same"}`];
  return (
    <div className={classes.filter(Boolean).join(" ")} data-testid={`node-${node.id}`} data-type={node.type} title={node.description}>
      {node.type !== "START" && (
        <Handle type="target" id="in" position={Position.Left} className="oc-in" role="img" aria-label={`Into ${title}`} data-testid={`handle-${node.id}-in`} />
      )}
      <div className="oc-head">
        <TypeTile type={node.type} icon={data.icon} />
        <div className="oc-words">
          <div className="oc-name">{title}</div>
          <div className="oc-second">
            <div className={data.isMissing ? "oc-does is-missing" : "oc-does"}>{data.summary || typeTitle}</div>
            {last && !paint && <LastMark step={last} />}
          </div>
        </div>
        {isPinned && <PinMark />}
        <ProblemBadge count={problems} />
      </div>
      {rows.length > 0 && <Rows node={node} rows={rows} />}
      {rows.length === 0 && node.type !== "END" && <Way node={node} handle={MAIN} name="Way out of" />}
      {tabs.map((tab, index) => (
        <OutcomeTab key={tab.on} node={node} tab={tab} left={tabMiddle(index, width)} />
      ))}
      <LensMarks nodeId={node.id} />
      {paint && <RunMarks paint={paint} nodeId={node.id} />}
    </div>
  );
}

function Rows({ node, rows }: { readonly node: WorkflowNode; readonly rows: readonly Row[] }) {
  return (
    <div className="oc-rows">
      {rows.map((row, index) => (
        <div key={row.handle} className={`oc-row oc-row-${row.kind}${row.way ? "" : " is-open"}`}>
          {row.kind === "condition" && <span className="oc-order">{index + 1}</span>}
          {row.kind === "condition" && <code>{row.way?.name || row.way?.when || "condition missing"}</code>}
          {row.kind === "add" && <span>{index ? "or when …" : "when …"}</span>}
          {row.kind === "otherwise" && <span>otherwise</span>}
          <Way node={node} handle={row.handle} name={row.kind === "otherwise" ? "Otherwise of" : "Condition of"} />
        </div>
      ))}
    </div>
  );
}

function Way({ node, handle, name }: { readonly node: WorkflowNode; readonly handle: string; readonly name: string }) {
  return (
    <Handle
      type="source"
      id={handle}
      position={Position.Right}
      className="oc-out"
      role="img"
      aria-label={`${name} ${titleOf(node)}`}
      data-testid={`handle-${node.id}-${handle}`}
    >
      <Plus size={9} strokeWidth={3} aria-hidden />
    </Handle>
  );
}

function OutcomeTab({ node, tab, left }: { readonly node: WorkflowNode; readonly tab: Tab; readonly left: number }) {
  return (
    <Handle
      type="source"
      id={tab.on}
      position={Position.Bottom}
      className={`oc-tab oc-tab-${tab.on}${tab.isUsed ? " is-used" : ""}`}
      style={{ left }}
      role="img"
      aria-label={`${tab.on} of ${titleOf(node)}`}
      data-testid={`handle-${node.id}-${tab.on}`}
    >
      {tab.on.toLowerCase()}
    </Handle>
  );
}

function ProblemBadge({ count }: { readonly count: Count }) {
  if (!count.errors && !count.warnings) return null;
  const Icon = count.errors ? CircleAlert : TriangleAlert;
  const words = [counted(count.errors, "error"), counted(count.warnings, "warning")].filter(Boolean).join(", ");
  return (
    <span className={count.errors ? "oc-badge is-error" : "oc-badge"} title={words} role="img" aria-label={words}>
      <Icon size={14} aria-hidden />
    </span>
  );
}

function counted(count: number, noun: string): string {
  return count ? `${count} ${noun}${count === 1 ? "" : "s"}` : "";
}
