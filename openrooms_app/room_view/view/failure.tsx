/** Why a run failed, and the node at which it did. */

import { useRoom } from "./context.ts";

type Props = {
  readonly error: { readonly code?: string; readonly message?: string; readonly node_id?: string | null };
  /** Whether the graph is beside it, to point at the node. */
  readonly canPoint?: boolean;
};

export function Failure({ error, canPoint = true }: Props) {
  const { model } = useRoom();
  return (
    <section className="rounded-md border border-fail/40 bg-fail/5 p-2.5" data-testid="failure">
      <p className="font-mono text-xs font-semibold text-fail">{error.code}{!canPoint && error.node_id && ` at ${error.node_id}`}</p>
      <p className="mt-0.5 whitespace-pre-wrap break-words text-sm">{error.message}</p>
      {canPoint && error.node_id && (
        <button type="button" className="mt-1 cursor-pointer text-xs text-accent-ink hover:underline" onClick={() => model.point(error.node_id ?? null)}>
          Show the node {error.node_id}
        </button>
      )}
    </section>
  );
}
