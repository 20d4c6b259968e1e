/** The same canvas to watch: nothing can be changed, the paint of a run lies over it. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Background, BackgroundVariant, ControlButton, Controls, MiniMap, ReactFlow, ReactFlowProvider } from "@xyflow/react";
import { LocateFixed } from "lucide-react";
import "@xyflow/react/dist/style.css";
import "../canvas.css";
import { GRID } from "../document/card.ts";
import type { Change } from "../document/difference.ts";
import type { WorkflowDocument } from "../document/document.ts";
import { isUnplaced, withPlaces } from "../document/layout.ts";
import { NOTHING } from "../document/operations.ts";
import type { Catalogue } from "../state/catalogue.ts";
import type { Box } from "../document/route.ts";
import type { RunPaint } from "../state/run-paint.ts";
import { Arrows } from "./arrows.tsx";
import { CanvasContext } from "./context.ts";
import { BLANK, drawingOf, NOTE, type Drawing, type FlowNode as CardNode, type Way } from "./derive.ts";
import { FarWays } from "./far-ways.tsx";
import { FlowEdge } from "./flow-edge.tsx";
import { FlowNode } from "./flow-node.tsx";
import { FlowNote } from "./flow-note.tsx";
import { GRAPH_HINTS, hintsOf, ONE_STOP } from "./focus.ts";
import { STEADY } from "./steady.ts";
import { MANY, useDistance, useKnownMeasures } from "./use-distance.ts";
import { useFollowing, useReveal } from "./use-following.ts";
import { useKeptCentre } from "./use-kept-centre.ts";
import { useOpening } from "./use-opening.ts";
import { FieldContext, useField } from "./use-route.ts";
import { useWalk } from "./use-walk.ts";

const NODE_TYPES = { card: FlowNode, note: FlowNote };
const EDGE_TYPES = { way: FlowEdge };
/** Seen from afar, the transitions are drawn by `FarWays`. */
const NO_EDGES: Way[] = [];
/** From here on a drawing seldom fits where it is watched. */
const MAPPED = 8;
/** Until a drawing without places has been laid out, nothing can be brought into view. */
const NOWHERE: readonly Box[] = [];
const FIT = { padding: 0.12, maxZoom: 1 };

type Props = {
  readonly document: WorkflowDocument;
  readonly catalogue: Catalogue;
  readonly paint: RunPaint;
  readonly selected: string | null;
  readonly onSelect: (id: string | null) => void;
  /** The node that keys have walked to. */
  readonly onPoint?: (id: string) => void;
  /** The transition that is asked about. */
  readonly way?: string | null;
  readonly onWay?: (id: string) => void;
  /** How nodes and transitions differ from those of another document. */
  readonly changes?: ReadonlyMap<string, Change>;
  /** A drawing without a run: nothing is taken or idle in it. */
  readonly isPlain?: boolean;
};

export function RunGraph(props: Props) {
  return (
    <ReactFlowProvider>
      <Surface {...props} />
    </ReactFlowProvider>
  );
}

function Surface({ document, catalogue, paint, selected, onSelect, onPoint, way = null, onWay, changes, isPlain = changes !== undefined }: Props) {
  const placed = usePlaced(document);
  const [drawing, setDrawing] = useState<Drawing>(BLANK);
  /** What `drawing` is of: what was laid out just now is drawn a moment later. */
  const [drawn, setDrawn] = useState<WorkflowDocument | null>(null);
  const distance = useDistance(drawing.nodes.length);
  const isFar = distance !== "near";
  const facts = useMemo(() => ({ isFar, editor: null, paint: isPlain ? null : paint, ...(changes ? { changes } : {}) }), [paint, isPlain, changes, isFar]);
  const field = useField(drawing.boxes);
  useKnownMeasures();
  const surface = useRef<HTMLDivElement>(null);
  const viewport = useOpening(surface, drawing, drawn === placed && !isUnplaced(placed));
  const reveal = useReveal(surface, viewport ? drawing.boxes : NOWHERE);
  const following = useFollowing(paint, reveal);
  useKeptCentre(surface, drawing, viewport, "both");
  const point = (id: string): void => {
    following.set(false);
    reveal([id]);
    onPoint?.(id);
  };
  const walk = useWalk(surface, { document: placed, selected, onPoint: point, onSelect });
  useEffect(() => {
    if (selected) reveal([selected]);
  }, [selected, reveal]);
  useLayoutEffect(() => {
    const selection = { ...NOTHING, nodes: selected ? [selected] : [], transitions: way ? [way] : [] };
    const none = new Map();
    const scene = { document: placed, catalogue, selection, nodeProblems: none, transitionProblems: none, isEditable: false };
    setDrawing((before) => drawingOf(scene, before));
    setDrawn(placed);
  }, [placed, catalogue, selected, way]);
  return (
    <CanvasContext value={facts}>
      <FieldContext value={field}>
        <div className={`oc-surface is-run is-${distance}`} ref={surface} data-testid="run-graph">
          <Arrows />
          {viewport && (
            <ReactFlow<CardNode, Way>
              nodes={drawing.nodes as CardNode[]}
              edges={isFar ? NO_EDGES : (drawing.edges as Way[])}
              nodeTypes={NODE_TYPES}
              edgeTypes={EDGE_TYPES}
              onNodeClick={(_, node) => !node.id.startsWith(NOTE) && onSelect(node.id)}
              onEdgeClick={(_, edge) => onWay?.(edge.id)}
              onPaneClick={() => onSelect(null)}
              {...STEADY}
              id="run-graph"
              {...ONE_STOP}
              aria-describedby={hintsOf("run-graph")}
              {...walk}
              ariaLabelConfig={GRAPH_HINTS}
              nodesDraggable={false}
              nodesConnectable={false}
              edgesFocusable={false}
              deleteKeyCode={null}
              zoomOnDoubleClick={false}
              minZoom={0.05}
              maxZoom={2}
              defaultViewport={viewport}
              onMove={(event) => event && following.set(false)}
              onlyRenderVisibleElements={drawing.nodes.length > MANY}
              proOptions={{ hideAttribution: true }}
              aria-label="Graph of the run"
            >
              {isFar && <FarWays drawing={drawing} onPick={(id) => onWay?.(id)} />}
              <Background variant={BackgroundVariant.Dots} gap={GRID * 3} size={1.5} />
              <Controls showInteractive={false} fitViewOptions={FIT}>
                {!isPlain && <ControlButton className={following.isOn ? "is-on" : ""} aria-pressed={following.isOn} aria-label="Follow the run" title="Follow the run" onClick={() => following.set(!following.isOn)}>
                  <LocateFixed aria-hidden />
                </ControlButton>}
              </Controls>
              {drawing.nodes.length > MAPPED && <MiniMap pannable zoomable ariaLabel="Map of the workflow" nodeStrokeWidth={0} nodeBorderRadius={8} />}
            </ReactFlow>
          )}
        </div>
      </FieldContext>
    </CanvasContext>
  );
}

/** The document with a place for each node; what has none is laid out first. */
function usePlaced(document: WorkflowDocument): WorkflowDocument {
  const [placed, setPlaced] = useState(document);
  useEffect(() => {
    let isCurrent = true;
    void withPlaces(document).then((next) => isCurrent && setPlaced(next));
    return () => {
      isCurrent = false;
    };
  }, [document]);
  return placed;
}
