/** The line while a connection is drawn, and at the pointer the kind that it will get or the reason it is refused. */

import { useStore, type ConnectionLineComponentProps } from "@xyflow/react";
import { answer, MAIN, preset, type Answer } from "../document/connecting.ts";
import { nodeOf, titleOf } from "../document/document.ts";
import { asPath, route } from "../document/route.ts";
import { outcomesIn } from "../state/catalogue.ts";
import type { Editor } from "../state/editor.ts";
import { useCanvas } from "./context.ts";
import type { FlowNode } from "./derive.ts";

export function ConnectionLine({ fromX, fromY, toX, toY, fromHandle, fromNode, toNode }: ConnectionLineComponentProps<FlowNode>) {
  const { editor } = useCanvas();
  const zoom = useStore(({ transform }) => Math.min(1, transform[2])); // from afar it is as thick and its words as large
  if (!editor) return null;
  const isForward = fromHandle.type === "source";
  const [from, to] = isForward ? [{ x: fromX, y: fromY }, { x: toX, y: toY }] : [{ x: toX, y: toY }, { x: fromX, y: fromY }];
  const nowhere = { left: -1e9, top: -1e9, right: -1e9, bottom: -1e9 };
  const exit = fromHandle.position === "bottom" ? "down" : "right";
  const points = route({ from, to, exit, lane: 0, source: { id: "from", ...nowhere }, target: { id: "to", ...nowhere } }, []);
  const reply = outlook(editor, fromNode.id, fromHandle.id ?? MAIN, toNode?.id, isForward);
  const target = toNode && nodeOf(editor.document, toNode.id);
  const isRefused = reply.kind === "refused";
  const words = isRefused ? reply.reason : `${reply.on.replace("CONDITION_MET", "WHEN …").toLowerCase()}${target ? ` → ${titleOf(target)}` : ""}`;
  return (
    <g className={isRefused ? "oc-line is-refused" : "oc-line"}>
      <path d={asPath(points)} strokeWidth={2 / zoom} strokeDasharray={`${5 / zoom} ${4 / zoom}`} />
      <foreignObject x="10" y="10" width="1" height="1" className="oc-hint-place" transform={`translate(${toX} ${toY}) scale(${1 / zoom})`}>
        <div className="oc-hint" role={isRefused ? "alert" : undefined}>{words}</div>
      </foreignObject>
    </g>
  );
}

function outlook(editor: Editor, start: string, handle: string, end: string | undefined, isForward: boolean): Answer {
  const outcomesOf = outcomesIn(editor.store.get().catalogue);
  if (end) {
    const wish = isForward ? { source: start, handle, target: end } : { source: end, handle: MAIN, target: start };
    return answer(editor.document, wish, outcomesOf);
  }
  const node = nodeOf(editor.document, start);
  if (!node || !isForward) return { kind: "new", on: "SUCCESS" };
  return preset(editor.document, node, handle, outcomesOf);
}
