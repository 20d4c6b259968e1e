/** A transition on the canvas: a way around the cards, with what it says of itself where nothing covers it. */

import { memo, useMemo, useState, type MouseEvent } from "react";
import { BaseEdge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { CircleAlert, Plus, Trash2 } from "lucide-react";
import { asPath, labelPlace } from "../document/route.ts";
import type { Position } from "../document/document.ts";
import { NOTHING, remove } from "../document/operations.ts";
import { useCanvas } from "./context.ts";
import { endsOf, type Way, type WayData } from "./derive.ts";
import { useRoute } from "./use-route.ts";
import { useWayLook } from "./use-way-look.ts";

/** Where less room than this is left, a label would be three dots. */
const LABEL_ROOM = 56;

export const FlowEdge = memo(function FlowEdge(props: EdgeProps<Way>) {
  const { id, source, target, sourceX, sourceY, targetX, targetY, selected = false } = props;
  const data = props.data!;
  const { editor } = useCanvas();
  const { classes, isTaken, isSplicing } = useWayLook(id, data, selected);
  const [isHovered, setHovered] = useState(false);
  const ends = useMemo(
    () => endsOf({ source, target }, data, { x: sourceX, y: sourceY }, { x: targetX, y: targetY }),
    [source, target, data, sourceX, sourceY, targetX, targetY],
  );
  const points = useRoute(ends);
  const path = asPath(points);
  const place = labelPlace(points);
  return (
    <g className={classes} onPointerEnter={() => setHovered(true)} onPointerLeave={() => setHovered(false)} data-testid={`edge-${id}`}>
      <BaseEdge path={path} markerEnd={`url(#oc-arrow${selected ? "-selected" : isTaken ? "-taken" : data.problems.errors ? "-error" : ""})`} interactionWidth={18} />
      {(data.problems.errors > 0 || (data.label && place.room >= LABEL_ROOM)) && <WayLabel data={data} at={place.at} room={place.room} />}
      {isSplicing && <SplicePreview at={place.at} />}
      {editor && (isHovered || selected) && (
        <WayTools id={id} at={place.at} label={data.label} setHovered={setHovered} onRemove={() => editor.edit((document) => remove(document, { ...NOTHING, transitions: [id] }))} />
      )}
    </g>
  );
});

function WayLabel({ data, at, room }: { readonly data: WayData; readonly at: Position; readonly room: number }) {
  const errors = data.problems.errors;
  return (
    <EdgeLabelRenderer>
      <div
        className={errors ? "oc-label has-errors" : "oc-label"}
        style={{ transform: `translate(-50%,-50%) translate(${at.x}px,${at.y}px)`, maxWidth: Math.max(24, room - 16) }}
        title={`${data.transition.on} ${data.transition.when ?? ""}`}
      >
        {errors > 0 && <CircleAlert size={11} aria-label={`${errors} errors`} />}
        {data.label && <span>{data.label}</span>}
      </div>
    </EdgeLabelRenderer>
  );
}

/** Where what is dragged would come to lie, were it let go of. */
function SplicePreview({ at }: { readonly at: Position }) {
  return (
    <EdgeLabelRenderer>
      <div className="oc-splice" style={{ transform: `translate(-50%,-50%) translate(${at.x}px,${at.y}px)` }} data-testid="splice-preview">
        <Plus size={14} aria-hidden />
      </div>
    </EdgeLabelRenderer>
  );
}

type ToolsProps = {
  readonly id: string;
  readonly at: Position;
  readonly label: string;
  readonly setHovered: (is: boolean) => void;
  readonly onRemove: () => void;
};

function WayTools({ id, at, label, setHovered, onRemove }: ToolsProps) {
  const { editor } = useCanvas();
  const lift = label ? 20 : 0;
  const insertHere = (event: MouseEvent): void =>
    editor?.overlay.set({ kind: "quick-add", screen: { x: event.clientX, y: event.clientY }, at, wiring: { kind: "splice", transition: id } });
  return (
    <EdgeLabelRenderer>
      <div
        className="oc-waytools nodrag nopan"
        style={{ transform: `translate(-50%,-50%) translate(${at.x}px,${at.y - lift}px)` }}
        onPointerEnter={() => setHovered(true)}
        onPointerLeave={() => setHovered(false)}
      >
        <button type="button" aria-label={`Insert a node into ${id}`} title="Insert a node here" onClick={insertHere}>
          <Plus size={13} aria-hidden />
        </button>
        <button type="button" aria-label={`Delete ${id}`} title="Delete this transition" onClick={onRemove}>
          <Trash2 size={12} aria-hidden />
        </button>
      </div>
    </EdgeLabelRenderer>
  );
}
