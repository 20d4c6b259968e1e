/** The drawing surface of the editor: React Flow holds positions while a card is dragged, the document gets them at rest. */

import { useMemo, useRef, useState, type DragEvent, type MouseEvent as ReactMouseEvent } from "react";
import {
  applyNodeChanges, Background, BackgroundVariant, Controls, MiniMap, ReactFlow, SelectionMode, useReactFlow,
  type Connection, type EdgeChange, type FinalConnectionState, type NodeChange, type OnConnectEnd, type ReactFlowProps,
} from "@xyflow/react";
import type { Guide } from "../document/arranging.ts";
import { GRID } from "../document/card.ts";
import { answer, MAIN, retargetFault } from "../document/connecting.ts";
import type { Position } from "../document/document.ts";
import { move, NOTHING, retarget, type Selection } from "../document/operations.ts";
import type { Box } from "../document/route.ts";
import { add, draw, spliceInto } from "../state/adding.ts";
import { outcomesIn } from "../state/catalogue.ts";
import type { Editor } from "../state/editor.ts";
import type { Store } from "../state/store.ts";
import { useStore } from "../state/use-store.ts";
import { Arrows } from "./arrows.tsx";
import { ConnectionLine } from "./connection-line.tsx";
import { CanvasContext } from "./context.ts";
import { NOTE, type FlowNode as CardNode, type Way } from "./derive.ts";
import { FarWays } from "./far-ways.tsx";
import { EDITOR_HINTS, hintsOf, ONE_STOP } from "./focus.ts";
import { FlowEdge } from "./flow-edge.tsx";
import { FlowNode } from "./flow-node.tsx";
import { FlowNote } from "./flow-note.tsx";
import { createGuides, Guides, guidesFor } from "./guides.tsx";
import { STEADY, useSteady } from "./steady.ts";
import { MANY, useDistance, useKnownMeasures } from "./use-distance.ts";
import { useDrawing, type SetNodes } from "./use-drawing.ts";
import { useKeptCentre } from "./use-kept-centre.ts";
import { useLens } from "./use-lens.ts";
import { useOpening } from "./use-opening.ts";
import { FieldContext, useField } from "./use-route.ts";
import { FIT, useView } from "./use-view.ts";

/** Told to the map as well, which else draws its frame for another size. */
const MAP = { width: 168, height: 112 };
/** Seen from afar, the transitions are drawn by `FarWays`. */
const NO_EDGES: Way[] = [];
const SETTINGS: ReactFlowProps<CardNode, Way> = {
  nodeTypes: { card: FlowNode, note: FlowNote },
  edgeTypes: { way: FlowEdge },
  ...STEADY,
  id: "drawing",
  ...ONE_STOP,
  "aria-describedby": hintsOf("drawing"),
  ariaLabelConfig: EDITOR_HINTS,
  connectionRadius: 16,
  deleteKeyCode: null,
  multiSelectionKeyCode: ["Shift", "Meta", "Control"],
  selectionMode: SelectionMode.Partial,
  zoomOnDoubleClick: false,
  elevateEdgesOnSelect: true,
  snapToGrid: true,
  snapGrid: [GRID, GRID],
  minZoom: 0.05,
  maxZoom: 2,
  proOptions: { hideAttribution: true },
};

/** What a drag from the palette carries: the name of an offer. */
export const DRAG_TYPE = "application/x-openrooms-node";

type CanvasProps = { readonly editor: Editor; readonly canEdit: boolean };

export function Canvas({ editor, canEdit }: CanvasProps) {
  const isWatching = useStore(editor.runs.watched, (run) => run !== null);
  const [drawing, setNodes] = useDrawing(editor, canEdit);
  const distance = useDistance(drawing.nodes.length);
  const isFar = distance !== "near";
  const facts = useMemo(() => ({ isFar, editor: canEdit ? editor : null, paint: isWatching ? editor.runs.paint : null }), [editor, canEdit, isWatching, isFar]);
  const field = useField(drawing.boxes);
  useKnownMeasures();
  const surface = useRef<HTMLDivElement>(null);
  const [isConnecting, setConnecting] = useState<"source" | "target" | null>(null);
  const viewport = useOpening(surface, drawing);
  useView(editor, surface, drawing.boxes);
  useKeptCentre(surface, drawing, viewport, "width");
  useLens(editor, surface);
  useSteady(surface);
  const [guides] = useState(createGuides);
  const changes = useChanges(editor, setNodes, guides);
  const gestures = { ...useConnecting(editor, setConnecting), ...useDropping(editor), ...useMenu(editor) };
  const openQuickAdd = useQuickAdd(editor);
  return (
    <CanvasContext value={facts}>
      <FieldContext value={field}>
        <div
          className={`oc-surface is-${distance}${isConnecting ? ` is-connecting from-${isConnecting}` : ""}`}
          ref={surface}
          data-testid="canvas"
          data-region="drawing"
          {...(canEdit ? { onDoubleClick: openQuickAdd } : {})}
        >
          <Arrows />
          {viewport && (
            <ReactFlow<CardNode, Way>
              {...SETTINGS}
              nodes={drawing.nodes as CardNode[]}
              edges={isFar ? NO_EDGES : (drawing.edges as Way[])}
              {...changes}
              {...(canEdit ? gestures : {})}
              nodesDraggable={canEdit}
              nodesConnectable={canEdit}
              edgesReconnectable={canEdit}
              connectionLineComponent={ConnectionLine}
              defaultViewport={viewport}
              onlyRenderVisibleElements={drawing.nodes.length > MANY}
              aria-label="Workflow canvas"
            >
              {isFar && <FarWays drawing={drawing} onPick={(id) => editor.select({ ...NOTHING, transitions: [id] })} />}
              <Guides guides={guides} />
              <Background variant={BackgroundVariant.Dots} gap={GRID * 3} size={1.5} />
              <Controls showInteractive={false} fitViewOptions={FIT} />
              <MiniMap pannable zoomable style={MAP} ariaLabel="Map of the workflow" nodeStrokeWidth={0} nodeBorderRadius={8} />
            </ReactFlow>
          )}
        </div>
      </FieldContext>
    </CanvasContext>
  );
}

function useQuickAdd(editor: Editor): (event: ReactMouseEvent) => void {
  const { screenToFlowPosition } = useReactFlow();
  return (event) => {
    if (!(event.target as Element).closest(".react-flow__pane")) return;
    const screen = { x: event.clientX, y: event.clientY };
    editor.overlay.set({ kind: "quick-add", screen, at: screenToFlowPosition(screen), wiring: null });
  };
}

/** The right button takes what it is pressed on for the selection, unless that is part of it, and asks what to do with it. */
function useMenu(editor: Editor) {
  const { screenToFlowPosition } = useReactFlow();
  return useMemo(() => {
    const ask = (event: MouseEvent | ReactMouseEvent): void => {
      event.preventDefault();
      const screen = { x: event.clientX, y: event.clientY };
      editor.overlay.set({ kind: "menu", screen, at: screenToFlowPosition(screen) });
    };
    const askOf = (event: ReactMouseEvent, kind: keyof Selection, id: string): void => {
      if (!editor.store.get().selection[kind].includes(id)) editor.select({ ...NOTHING, [kind]: [id] });
      ask(event);
    };
    return {
      onPaneContextMenu: (event: MouseEvent | ReactMouseEvent) => (editor.select(NOTHING), ask(event)),
      onSelectionContextMenu: (event: ReactMouseEvent) => ask(event),
      onEdgeContextMenu: (event: ReactMouseEvent, { id }: Way) => askOf(event, "transitions", id),
      onNodeContextMenu: (event: ReactMouseEvent, { id }: CardNode) =>
        id.startsWith(NOTE) ? askOf(event, "notes", id.slice(NOTE.length)) : askOf(event, "nodes", id),
    };
  }, [editor, screenToFlowPosition]);
}

type Moved = MouseEvent | TouchEvent | ReactMouseEvent;

function useChanges(editor: Editor, setNodes: SetNodes, guides: Store<readonly Guide[]>) {
  const { getNodes } = useReactFlow<CardNode, Way>();
  return useMemo(() => {
    const onNodesChange = (changes: NodeChange<CardNode>[]): void => {
      setNodes((nodes) => applyNodeChanges(changes, nodes));
      selectionChanged(editor, changes, "nodes");
      settled(editor, changes);
    };
    const wayFor = (event: Moved, node: CardNode, dragged: readonly CardNode[]): string | null =>
      dragged.length === 1 && node.type === "card" && isUnwired(editor, node.id) ? edgeUnder(pointOf(event)) : null;
    const rest = (): void => {
      editor.release();
      guides.set([]);
      editor.splicing.set(null);
    };
    const dragged = (moving: readonly CardNode[]): void => guides.set(guidesFor(moving, getNodes().flatMap(cardBox)));
    return {
      onNodesChange,
      onEdgesChange: (changes: EdgeChange<Way>[]) => selectionChanged(editor, changes, "transitions"),
      onNodeDragStart: () => editor.hold(),
      onNodeDrag: (event: Moved, node: CardNode, moving: CardNode[]) => {
        dragged(moving);
        editor.splicing.set(wayFor(event, node, moving));
      },
      onSelectionDragStart: () => editor.hold(),
      onSelectionDrag: (_: ReactMouseEvent, moving: CardNode[]) => dragged(moving),
      onSelectionDragStop: rest,
      onNodeDragStop: (event: Moved, node: CardNode, moving: CardNode[]) => {
        const way = wayFor(event, node, moving);
        rest();
        if (way) spliceInto(editor, way, node.id);
      },
    };
  }, [editor, setNodes, guides, getNodes]);
}

function cardBox({ id, type, position: { x, y }, width = 0, height = 0 }: CardNode): Box[] {
  return type === "card" ? [{ id, left: x, top: y, right: x + width, bottom: y + height }] : [];
}

/** Positions that came to rest go into the document. */
function settled(editor: Editor, changes: readonly NodeChange<CardNode>[]): void {
  const nodes = new Map<string, Position>();
  const notes = new Map<string, Position>();
  for (const change of changes) {
    if (change.type !== "position" || change.dragging || !change.position) continue;
    if (change.id.startsWith(NOTE)) notes.set(change.id.slice(NOTE.length), change.position);
    else nodes.set(change.id, change.position);
  }
  if (!nodes.size && !notes.size) return;
  const before = editor.document;
  editor.edit((document) => move(document, nodes, notes), `move:${[...nodes.keys(), ...notes.keys()].join()}`);
  const [first] = nodes;
  if (first && editor.document !== before) editor.announce(`Moved ${first[0]} to ${Math.round(first[1].x)}, ${Math.round(first[1].y)}.`);
}

type Picked = { readonly type: string; readonly id?: string; readonly selected?: boolean };

function selectionChanged(editor: Editor, changes: readonly Picked[], kind: "nodes" | "transitions"): void {
  const picks = changes.filter((change) => change.type === "select");
  if (!picks.length) return;
  const { selection } = editor.store.get();
  const next = { nodes: new Set(selection.nodes), transitions: new Set(selection.transitions), notes: new Set(selection.notes) };
  for (const { id = "", selected } of picks) {
    const isNote = id.startsWith(NOTE);
    const set = isNote ? next.notes : next[kind];
    const key = isNote ? id.slice(NOTE.length) : id;
    if (selected) set.add(key);
    else set.delete(key);
  }
  const after: Selection = { nodes: [...next.nodes], transitions: [...next.transitions], notes: [...next.notes] };
  editor.select(after);
}

function useConnecting(editor: Editor, setConnecting: (from: "source" | "target" | null) => void) {
  const { screenToFlowPosition } = useReactFlow();
  return useMemo(() => {
    const onConnectEnd: OnConnectEnd = (event, state) => {
      setConnecting(null);
      if (state.isValid || !state.fromNode || !state.fromHandle) return;
      dropped(editor, state, pointOf(event), screenToFlowPosition);
    };
    return {
      onConnectStart: (_: unknown, { handleType }: { handleType: "source" | "target" | null }) => setConnecting(handleType),
      onConnectEnd,
      onConnect: ({ source, sourceHandle, target }: Connection) => void draw(editor, { source, handle: sourceHandle ?? MAIN, target }),
      isValidConnection: ({ source, sourceHandle, target }: Connection | Way) =>
        answer(editor.document, { source, handle: sourceHandle ?? null, target }, outcomesIn(editor.store.get().catalogue)).kind !== "refused",
      onReconnect: (way: Way, { source, target }: Connection) => {
        const fault = retargetFault(editor.document, source, target);
        if (fault) editor.tell("error", fault);
        else editor.edit((document) => retarget(document, way.id, { source, target }));
      },
    };
  }, [editor, setConnecting, screenToFlowPosition]);
}

type ToFlow = (point: Position) => Position;

/** A connection let go of where no handle is: on a card it is drawn or refused, on empty canvas it asks for a node. */
function dropped(editor: Editor, { fromNode, fromHandle }: FinalConnectionState, screen: Position, toFlow: ToFlow): void {
  const card = document.elementFromPoint(screen.x, screen.y)?.closest(".react-flow__node")?.getAttribute("data-id");
  const isForward = fromHandle!.type === "source";
  const handle = fromHandle!.id ?? MAIN;
  const start = fromNode!.id;
  if (card && !card.startsWith(NOTE)) {
    // Let go of where it began, it was not meant; a way back to the same node is drawn to its handle.
    if (card !== start) draw(editor, isForward ? { source: start, handle, target: card } : { source: card, handle: MAIN, target: start });
    return;
  }
  const wiring = isForward ? ({ kind: "after", source: start, handle } as const) : ({ kind: "before", target: start } as const);
  editor.overlay.set({ kind: "quick-add", screen, at: toFlow(screen), wiring });
}

/** A finger says where it is by its touch: its events have no place of their own. */
function pointOf(event: Moved): Position {
  const point = "changedTouches" in event ? event.changedTouches[0]! : event;
  return { x: point.clientX, y: point.clientY };
}

function useDropping(editor: Editor) {
  const { screenToFlowPosition } = useReactFlow();
  return useMemo(
    () => ({
      onDragOver: (event: DragEvent) => {
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
        if (event.dataTransfer.types.includes(DRAG_TYPE)) editor.splicing.set(edgeUnder(pointOf(event)));
      },
      onDragLeave: () => editor.splicing.set(null),
      onDrop: (event: DragEvent) => {
        const type = event.dataTransfer.getData(DRAG_TYPE);
        editor.splicing.set(null);
        if (!type) return;
        event.preventDefault();
        const way = type === "START" ? null : edgeUnder(pointOf(event));
        add(editor, type, screenToFlowPosition({ x: event.clientX, y: event.clientY }), way ? { kind: "splice", transition: way } : null);
      },
    }),
    [editor, screenToFlowPosition],
  );
}

/** The edge at this point of the screen, if a node is let go of there. */
function edgeUnder({ x, y }: Position): string | null {
  const ways = document.elementsFromPoint(x, y).flatMap((element) => element.closest(".react-flow__edge, .oc-far-way") ?? []);
  return ways[0]?.getAttribute("data-id") ?? null;
}

function isUnwired(editor: Editor, id: string): boolean {
  return !editor.document.transitions.some(({ source, target }) => source === id || target === id);
}
