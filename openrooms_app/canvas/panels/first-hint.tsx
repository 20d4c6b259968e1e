/** On a drawing that has only just begun: what to do first. */

import type { WorkflowDocument } from "../document/document.ts";
import type { Editor } from "../state/editor.ts";
import { useStore } from "../state/use-store.ts";

export function FirstHint({ editor }: { readonly editor: Editor }) {
  const isShown = useStore(editor.store, (state) => state.phase === "ready" && hasJustBegun(state.history.now));
  if (!isShown) return null;
  return (
    <p className="oc-first" data-testid="first-hint">
      <span className="max-lg:hidden">Drag a step onto the canvas, or press <kbd>N</kbd>. Then draw a way from the dot of one card to the next.</span>
      <span className="lg:hidden">Choose a card and press <kbd>+</kbd>: the next step is led to from there. Or draw a way from the dot of one card to the next.</span>
    </p>
  );
}

function hasJustBegun({ nodes, transitions }: WorkflowDocument): boolean {
  return transitions.length === 0 && nodes.length <= 3;
}
