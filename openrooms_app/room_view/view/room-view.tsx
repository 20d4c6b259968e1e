/** A room's page: the graph as it runs, its log, variables, memory and runs, and the buttons that move it. */

import { useEffect, useMemo, useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { toast } from "sonner";
import type { Wrong } from "../../canvas/state/api.ts";
import { Fault } from "../../components/fault.tsx";
import { useF6 } from "../../components/region-keys.ts";
import { SkipLinks } from "../../components/skip-links.tsx";
import { RoomModel } from "../state/room.ts";
import { Banner } from "./banner.tsx";
import { RoomContext, useRoom, useView, type RoomFacts } from "./context.ts";
import { Header } from "./header.tsx";
import { Layout } from "./layout.tsx";
import { Button, Skeleton } from "./kit.tsx";

export function RoomView({ canEdit = false }: { readonly canEdit?: boolean }) {
  const { room_id: roomId = "" } = useParams();
  const [query] = useSearchParams();
  const navigate = useNavigate();
  const run = numberIn(query.get("run"));
  const beginsWithForm = query.get("run") === "new";
  const model = useModel(roomId, run, numberIn(query.get("at")), numberIn(query.get("with")));
  const facts = useMemo<RoomFacts | null>(
    () => model && { model, canEdit, beginsWithForm, goTo: (number) => number !== model.pinned && void navigate(number === null ? "?" : `?run=${number}`) },
    [model, canEdit, beginsWithForm, navigate],
  );
  if (!facts) return <Loading />;
  return (
    <RoomContext value={facts}>
      <Page />
    </RoomContext>
  );
}

const SKIPS = [{ to: "log", text: "Skip to log", className: "max-[899px]:hidden" }, { to: "side", text: "Skip to details", className: "max-[899px]:hidden" }];

function Page() {
  const fault = useView((view) => view.fault);
  const isThere = useView((view) => view.room !== null);
  useF6();
  if (fault) return <RoomFault {...fault} />;
  if (!isThere) return <Loading />;
  return (
    <div className="flex min-h-0 flex-1 flex-col" data-testid="room">
      <SkipLinks links={SKIPS} />
      <Header />
      <Banner />
      <Layout />
    </div>
  );
}

/** The model of what the address names; another address gets another one, and the old one is closed. */
function useModel(roomId: string, run: number | null, at: number | null, other: number | null): RoomModel | null {
  const [model, setModel] = useState<RoomModel | null>(null);
  useEffect(() => {
    const next = new RoomModel(roomId, run, at, (text) => void toast.error(text, { duration: 10_000, closeButton: true }));
    setModel(next);
    void next.open().then(() => (other === null ? undefined : next.compareWith(other)));
    const unwatch = keepingAddress(next, other);
    return () => {
      unwatch();
      next.close();
    };
    // `at` only says where the page begins; from there on the slider says it.
  }, [roomId, run]); // eslint-disable-line
  return model;
}

/** A slider that is drawn moves faster than browsers take addresses. */
const ADDRESS_MS = 120;

/** The moment, and the run compared with, go into the address without a step in the browser's history. */
function keepingAddress(model: RoomModel, other: number | null): () => void {
  let compared = other;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const keep = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => keepInAddress({ at: model.view.get().at, with: compared }), ADDRESS_MS);
  };
  const unwatch = [
    model.view.subscribe(keep),
    model.comparing.store.subscribe(() => {
      compared = model.comparing.store.get()?.run.number ?? null;
      keep();
    }),
  ];
  return () => {
    clearTimeout(timer);
    unwatch.forEach((stop) => stop());
  };
}

function keepInAddress(wanted: Readonly<Record<"at" | "with", number | null>>): void {
  const address = new URL(window.location.href);
  const before = address.search;
  for (const [name, value] of Object.entries(wanted)) {
    if (value === null) address.searchParams.delete(name);
    else address.searchParams.set(name, String(value));
  }
  if (address.search !== before) window.history.replaceState(window.history.state, "", address);
}

function numberIn(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function RoomFault(wrong: Wrong) {
  const { model, goTo } = useRoom();
  const room = model.view.get().room;
  return (
    <Fault what={room ? "run" : "room"} {...wrong} to={room ? "/runs" : "/rooms"}>
      {room && <Button onClick={() => goTo(null)}>Show its newest run</Button>}
    </Fault>
  );
}

export function Loading() {
  return (
    <div role="status" className="flex min-h-0 flex-1 flex-col">
      <span className="sr-only">Loading</span>
      <div className="flex h-14 items-center gap-3 border-b border-line px-4">
        <Skeleton className="h-5 w-48" />
        <Skeleton className="ml-auto h-8 w-24" />
      </div>
      <div className="grid min-h-0 flex-1 gap-3 p-3 md:grid-cols-[1fr_360px]">
        <Skeleton className="h-full" />
        <Skeleton className="h-full" />
      </div>
    </div>
  );
}
