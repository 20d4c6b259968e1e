/** The transitions that leave a node, in the order in which they are tried; a click selects one. */

import { ArrowRight } from "lucide-react";
import { leaving, nodeOf, titleOf, type WorkflowDocument } from "../document/document.ts";
import { NOTHING } from "../document/operations.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";
import { Group } from "./parts.tsx";

type Props = { readonly editor: Editor; readonly document: WorkflowDocument; readonly nodeId: string };

export function WaysOut({ editor, document, nodeId }: Props) {
  const problems = useStore(editor.store, (state) => state.transitionProblems);
  const ways = leaving(document, nodeId);
  return (
    <Group title="Ways out" hint={String(ways.length)}>
      {ways.length === 0 && <p className="oi-help">Drag from the handle on the card's right edge to connect it.</p>}
      <ul className="oi-ways">
        {ways.map(({ id, on, when, name, target }) => (
          <li key={id}>
            <button
              type="button"
              className={problems.get(id)?.errors ? "oi-way has-errors" : "oi-way"}
              data-testid={`way-${id}`}
              onClick={() => editor.select({ ...NOTHING, transitions: [id] })}
            >
              <span className={`oi-on oi-on-${on}`}>{on}</span>
              {on === "CONDITION_MET" && <code>{name || when || "condition missing"}</code>}
              {on !== "CONDITION_MET" && name && <span>{name}</span>}
              <ArrowRight size={13} aria-label="to" />
              <span className="oi-target">{targetTitle(document, target)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Group>
  );
}

export function targetTitle(document: WorkflowDocument, id: string): string {
  const node = nodeOf(document, id);
  return node ? titleOf(node) : id;
}
