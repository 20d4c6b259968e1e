/** The transitions of a large drawing seen from afar: lines of one picture, without words, tools and arrows. */

import { memo, useMemo, type MouseEvent } from "react";
import { ViewportPortal } from "@xyflow/react";
import { MIDDLE } from "../document/card.ts";
import type { Position } from "../document/document.ts";
import { asPath } from "../document/route.ts";
import { endsOf, type Drawing, type Way } from "./derive.ts";
import { useRoute } from "./use-route.ts";
import { useWayLook } from "./use-way-look.ts";

type Props = { readonly drawing: Drawing; readonly onPick: (id: string) => void };

export function FarWays({ drawing: { nodes, edges }, onPick }: Props) {
  const corners = useMemo(() => new Map(nodes.map(({ id, position }) => [id, position])), [nodes]);
  const pick = ({ target }: MouseEvent): void => {
    const id = (target as Element).closest("[data-id]")?.getAttribute("data-id");
    if (id) onPick(id);
  };
  return (
    <ViewportPortal>
      <svg className="oc-far-ways" width="1" height="1" aria-hidden onClick={pick}>
        {edges.map((way) => {
          const [from, to] = [corners.get(way.source), corners.get(way.target)];
          return from && to && <FarWay key={way.id} way={way} from={from} to={to} />;
        })}
      </svg>
    </ViewportPortal>
  );
}

type FarWayProps = {
  readonly way: Way;
  /** The top left corners of the cards at both ends. */
  readonly from: Position;
  readonly to: Position;
};

const FarWay = memo(function FarWay({ way, from, to }: FarWayProps) {
  const data = way.data!;
  const { classes } = useWayLook(way.id, data, way.selected ?? false);
  const ends = useMemo(() => {
    const { offset } = data;
    return endsOf(way, data, { x: from.x + offset.x, y: from.y + offset.y }, { x: to.x, y: to.y + MIDDLE });
  }, [way, data, from, to]);
  const path = asPath(useRoute(ends));
  return (
    <g className={`oc-far-way nopan ${classes}`} data-id={way.id} data-testid={`edge-${way.id}`}>
      <path className="react-flow__edge-path" d={path} />
      <path className="oc-far-hit" d={path} />
    </g>
  );
});
