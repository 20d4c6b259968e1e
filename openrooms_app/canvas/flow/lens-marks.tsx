/** What a card reads and writes, under it, while the data lens is on. */

import { useLensOf } from "./context.ts";

export function LensMarks({ nodeId }: { readonly nodeId: string }) {
  const looked = useLensOf(nodeId);
  if (!looked || (!looked.reads.length && !looked.writes.length)) return null;
  return (
    <div className="oc-lens" data-testid={`lens-${nodeId}`} data-role={looked.role}>
      {looked.writes.map((name) => <span key={`w${name}`} className="is-write" title="written here">{name}</span>)}
      {looked.reads.map((name) => <span key={`r${name}`} title="read here">{name}</span>)}
    </div>
  );
}
