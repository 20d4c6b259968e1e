/** Why a run failed, and the way to the step at which it did. */

import { nodeOf, titleOf } from "../../canvas/document/document.ts";
import { useRoom, useView } from "./context.ts";

type Props = {
  readonly error: { readonly code?: string; readonly message?: string; readonly node_id?: string | null };
  /** Shows the node; without it, its details beside the graph do. */
  readonly onShow?: (node: string) => void;
};

export function Failure({ error, onShow }: Props) {
  const { model } = useRoom();
  const id = error.node_id ?? null;
  const name = useView(({ document }) => (id === null ? "" : titleOf((document && nodeOf(document, id)) ?? { id })));
  return (
    <section className="rounded-md border border-fail/40 bg-fail/5 p-2.5" data-testid="failure">
      <p className="font-mono text-xs font-semibold text-fail">{error.code}</p>
      <p className="mt-0.5 whitespace-pre-wrap break-words text-sm">{error.message}</p>
      {id !== null && (
        <button type="button" className="mt-1 max-w-full cursor-pointer text-left text-xs break-words text-accent-ink hover:underline" onClick={() => (onShow ? onShow(id) : model.inspect(id))}>
          Show {name}
        </button>
      )}
    </section>
  );
}
