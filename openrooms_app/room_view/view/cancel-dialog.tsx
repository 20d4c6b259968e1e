/** Asks before a run is ended. */

import { Dialog } from "../../components/overlays.tsx";
import { useRoom, useView } from "./context.ts";
import { Button } from "./kit.tsx";

export function CancelDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { model } = useRoom();
  const number = useView((view) => view.news?.number ?? null);
  const cancel = (): void => {
    onClose();
    void model.act("cancel");
  };
  return (
    <Dialog open={isOpen} size="small" title={`Cancel run #${number ?? ""}?`} onOpenChange={(open) => !open && onClose()}
      description="It ends here. A step under way is aborted; what it has done outside stays done.">
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" onClick={cancel}>Cancel the run</Button>
      </div>
    </Dialog>
  );
}
