/** On a card whose output is pinned in this browser: a trial gives it instead of executing the node. */

import { Pin } from "lucide-react";

const WORDS = "Pinned for trying out: in a trial it gives this output and is not executed";

export function PinMark() {
  return (
    <span className="oc-pinned" role="img" aria-label={WORDS} title={WORDS} data-testid="pinned">
      <Pin size={13} strokeWidth={2.2} aria-hidden />
    </span>
  );
}
