/** What a replay came to: identical, or where it first went another way. */

import { CircleX, ShieldCheck } from "lucide-react";
import { Dialog } from "../../components/overlays.tsx";
import type { Replayed } from "../data/api.ts";
import { JsonTree } from "../../components/json-tree.tsx";
import { Button } from "../view/kit.tsx";

export function ReplayResult({ replayed, onClose }: { readonly replayed: Replayed | string; readonly onClose: () => void }) {
  return (
    <Dialog open title="Replay" onOpenChange={(open) => !open && onClose()}>
      <div data-testid="replay-result">{typeof replayed === "string" ? <p className="text-sm text-fail">{replayed}</p> : <Outcome replayed={replayed} />}</div>
      <div className="flex justify-end"><Button onClick={onClose}>Close</Button></div>
    </Dialog>
  );
}

function Outcome({ replayed }: { readonly replayed: Replayed }) {
  if (replayed.identical) {
    return (
      <div className="flex items-start gap-2">
        <ShieldCheck size={18} aria-hidden className="shrink-0 text-ok" />
        <div className="min-w-0">
          <p className="text-sm font-medium">Identical</p>
          <p className="text-sm text-mute">All {replayed.events.toLocaleString()} events were decided again from the record and came out the same. Nothing was called or sent again.</p>
          {replayed.fingerprint && <p className="mt-1 break-all font-mono text-xs text-mute">{replayed.fingerprint}</p>}
        </div>
      </div>
    );
  }
  const { seq, reason, ...rest } = replayed.divergence;
  return (
    <div className="flex items-start gap-2">
      <CircleX size={18} aria-hidden className="shrink-0 text-fail" />
      <div className="min-w-0 flex-1">
        <p className="text-sm font-medium">It goes another way at event {String(seq)}</p>
        <p className="text-sm text-mute">{String(reason)}</p>
        <JsonTree value={rest} open={2} />
      </div>
    </div>
  );
}
