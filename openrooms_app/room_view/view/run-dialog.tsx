/** Asks for the input of a run that takes one. */

import { useEffect, useState } from "react";
import { Dialog } from "../../components/overlays.tsx";
import type { Json, JsonObject } from "../data/event.ts";
import { useRoom, useView } from "./context.ts";
import { Button, Skeleton } from "./kit.tsx";
import { SchemaForm } from "./schema-form.tsx";

export function RunDialog({ onClose }: { readonly onClose: () => void }) {
  const { model, goTo } = useRoom();
  const isBusy = useView((view) => view.doing !== null);
  const [schema, setSchema] = useState<JsonObject | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    let isOpen = true;
    void model.nextInput().then((next) => isOpen && setSchema(next?.schema ?? {}));
    return () => {
      isOpen = false;
    };
  }, [model]);
  const start = async (input: Json): Promise<void> => {
    const refused = await model.start(input, true);
    setFault(refused);
    if (refused !== null) return;
    onClose();
    goTo(null);
  };
  return (
    <Dialog open title="Run" description="What this run begins with." onOpenChange={(open) => !open && onClose()}>
      {schema ? (
        <SchemaForm schema={schema} isDisabled={isBusy} fault={fault} onSend={(input) => void start(input)}>
          <div className="flex justify-end gap-2 pt-1">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="solid" disabled={isBusy}>Run</Button>
          </div>
        </SchemaForm>
      ) : (
        <Skeleton className="h-24 w-full" />
      )}
    </Dialog>
  );
}
