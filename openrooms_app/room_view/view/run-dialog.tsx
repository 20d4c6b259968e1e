/** Asks for the input of a run that takes one. */

import { useEffect, useState } from "react";
import { Dialog } from "../../components/overlays.tsx";
import type { Json, JsonObject } from "../data/event.ts";
import { useRoom, useView } from "./context.ts";
import { Button, Skeleton } from "./kit.tsx";
import { SchemaForm } from "../../components/schema-form.tsx";

export function RunDialog({ onClose }: { readonly onClose: () => void }) {
  const { model, goTo } = useRoom();
  const isBusy = useView((view) => view.doing !== null);
  const [next, setNext] = useState<{ readonly schema: JsonObject | null } | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    let isOpen = true;
    void model.nextInput().then((found) => isOpen && setNext({ schema: found?.schema ?? null }));
    return () => {
      isOpen = false;
    };
  }, [model]);
  const start = async (input: Json | undefined): Promise<void> => {
    const refused = await model.start(input, { hasForm: true });
    setFault(refused);
    if (refused !== null) return;
    onClose();
    goTo(null);
  };
  return (
    <Dialog open title="Run" description={next && !next.schema ? "This workflow takes no input." : "What this run begins with."} onOpenChange={(open) => !open && onClose()}>
      {!next && <Skeleton className="h-24 w-full" />}
      {next?.schema && (
        <SchemaForm schema={next.schema} isDisabled={isBusy} fault={fault} onSend={(input) => void start(input)}>
          <Buttons isBusy={isBusy} onClose={onClose} />
        </SchemaForm>
      )}
      {next && !next.schema && (
        <form onSubmit={(event) => (event.preventDefault(), void start(undefined))}>
          {fault && <p role="alert" className="text-xs text-fail">{fault}</p>}
          <Buttons isBusy={isBusy} onClose={onClose} />
        </form>
      )}
    </Dialog>
  );
}

function Buttons({ isBusy, onClose }: { readonly isBusy: boolean; readonly onClose: () => void }) {
  return (
    <div className="flex justify-end gap-2 pt-1">
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" look="solid" isBusy={isBusy}>Run</Button>
    </div>
  );
}
