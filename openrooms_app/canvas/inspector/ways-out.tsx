/** The transitions that leave a node, in the order in which they are tried; a click selects one, arrows move a condition. */

import { ArrowDown, ArrowRight, ArrowUp } from "lucide-react";
import { leaving, nodeOf, titleOf, type On, type Transition, type WorkflowDocument, type WorkflowNode } from "../document/document.ts";
import { NOTHING, reorder } from "../document/operations.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { Group, IconButton } from "./parts.tsx";

type Props = { readonly editor: Editor; readonly document: WorkflowDocument; readonly node: WorkflowNode };

/** As a run asks: conditions first, then what holds for every success, then what is for trouble. */
const ORDER: readonly On[] = ["CONDITION_MET", "SUCCESS", "ALWAYS", "FAILURE", "TIMEOUT"];

export function WaysOut({ editor, document, node }: Props) {
  const problems = useStore(editor.store, (state) => state.transitionProblems);
  const ways = leaving(document, node.id).sort((one, other) => ORDER.indexOf(one.on) - ORDER.indexOf(other.on));
  const conditions = ways.filter(({ on }) => on === "CONDITION_MET");
  const move = (id: string, step: -1 | 1): void => editor.edit((before) => reorder(before, id, step));
  return (
    <Group title="Ways out" hint={String(ways.length)}>
      {ways.length === 0 && <p className="oi-help">{node.type === "DECISION" ? "Drag from “or when …” on the card for each condition, and from “otherwise” for the rest." : "Drag from the handle on the card's right edge to connect it."}</p>}
      <ul className="oi-ways">
        {ways.map((way) => (
          <li key={way.id}>
            <button
              type="button"
              className={problems.get(way.id)?.errors ? "oi-way has-errors" : "oi-way"}
              data-testid={`way-${way.id}`}
              onClick={() => editor.select({ ...NOTHING, transitions: [way.id] })}
            >
              <Trigger way={way} type={node.type} />
              <ArrowRight size={13} aria-label="to" />
              <span className="oi-target">{targetTitle(document, way.target)}</span>
            </button>
            {conditions.length > 1 && way.on === "CONDITION_MET" && (
              <>
                <IconButton Icon={ArrowUp} label="Ask earlier" disabled={way === conditions[0]} onClick={() => move(way.id, -1)} />
                <IconButton Icon={ArrowDown} label="Ask later" disabled={way === conditions.at(-1)} onClick={() => move(way.id, 1)} />
              </>
            )}
          </li>
        ))}
      </ul>
    </Group>
  );
}

function Trigger({ way: { on, when, name }, type }: { readonly way: Transition; readonly type: string }) {
  if (on === "CONDITION_MET") return <><span className={`oi-on oi-on-${on}`}>when</span><code>{name || when || "condition missing"}</code></>;
  return <><span className={`oi-on oi-on-${on}`}>{on === "ALWAYS" && type === "DECISION" ? "otherwise" : on}</span>{name && <span>{name}</span>}</>;
}

export function targetTitle(document: WorkflowDocument, id: string): string {
  const node = nodeOf(document, id);
  return node ? titleOf(node) : id;
}
