/** One run's page: its facts, its steps with what went in and came out, its log and graph, and its replay. */

import { useEffect, useMemo, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { toast } from "sonner";
import { wrongOf, type Wrong } from "../../canvas/state/api.ts";
import { Fault } from "../../components/fault.tsx";
import { Tab, TabList, TabPanel, Tabs } from "../../components/overlays.tsx";
import { useF6 } from "../../components/region-keys.ts";
import { SkipLinks } from "../../components/skip-links.tsx";
import { api } from "../data/api.ts";
import { RoomModel } from "../state/room.ts";
import { Banner } from "../view/banner.tsx";
import { RoomContext, useRoom, useView, type RoomFacts } from "../view/context.ts";
import { Failure } from "../view/failure.tsx";
import { Graph } from "../view/graph.tsx";
import { LogPanel } from "../view/log-panel.tsx";
import { Moment } from "../view/moment.tsx";
import { Loading } from "../view/room-view.tsx";
import { Signals } from "../view/signals.tsx";
import { Variables } from "../view/variables.tsx";
import { RunFacts } from "./run-facts.tsx";
import { RunHeader } from "./run-header.tsx";
import { StepsTable } from "./steps-table.tsx";

export function RunView({ canEdit = false }: { readonly canEdit?: boolean }) {
  const { run_id: runId = "" } = useParams();
  const navigate = useNavigate();
  const [found, fault] = useRunModel(runId);
  const facts = useMemo<RoomFacts | null>(
    () => found && { model: found, canEdit, beginsWithForm: false, goTo: () => void navigate(`/rooms/${found.roomId}`) },
    [found, canEdit, navigate],
  );
  if (fault) return <Fault what="run" {...fault} to="/runs" />;
  if (!facts) return <Loading />;
  return (
    <RoomContext value={facts}>
      <Page />
    </RoomContext>
  );
}

const SKIPS = [{ to: "parts", text: "Skip to steps and log" }];

function Page() {
  useF6();
  const [tab, setTab] = useState("steps");
  const fault = useView((view) => view.fault);
  const isThere = useView((view) => view.room !== null && view.run !== null);
  if (fault) return <Fault what="run" {...fault} to="/runs" />;
  if (!isThere) return <Loading />;
  return (
    <div className="flex min-h-0 flex-1 flex-col bg-panel" data-testid="run">
      <SkipLinks links={SKIPS} />
      <RunHeader />
      <Banner isRunPage />
      <RunFacts />
      <Failed onShow={() => setTab("steps")} />
      <Signals />
      <div data-region="parts" className="flex min-h-0 flex-1 flex-col">
        <Tabs value={tab} onValueChange={setTab}>
          <div className="bg-panel px-4">
            <TabList label="Run">
              <Tab value="steps">Steps</Tab>
              <Tab value="log">Log</Tab>
              <Tab value="graph">Graph</Tab>
              <Tab value="variables">Variables</Tab>
            </TabList>
          </div>
          <TabPanel value="steps"><div className="h-full overflow-auto bg-panel"><StepsTable /></div></TabPanel>
          <TabPanel value="log"><div className="flex h-full min-h-0 flex-col"><LogPanel /></div></TabPanel>
          <TabPanel value="graph"><div className="flex h-full min-h-0 flex-col"><Graph /><Moment /></div></TabPanel>
          <TabPanel value="variables"><div className="h-full overflow-y-auto bg-panel p-4"><Variables /></div></TabPanel>
        </Tabs>
      </div>
    </div>
  );
}

/** The step that failed is opened among the others, however many there are. */
function Failed({ onShow }: { readonly onShow: () => void }) {
  const { model } = useRoom();
  const error = useView((view) => view.run?.error);
  const show = (node: string): void => {
    const failed = model.shown.get().timeline.now.steps.lastOf(node, 1)[0];
    if (failed) model.into(failed.step);
    onShow();
  };
  return error ? <div className="border-b border-line bg-panel px-4 py-2"><Failure error={error} onShow={show} /></div> : null;
}

/** A run is shown as its room shows it, held to this one run. */
function useRunModel(runId: string): [RoomModel | null, Wrong | null] {
  const [model, setModel] = useState<RoomModel | null>(null);
  const [fault, setFault] = useState<Wrong | null>(null);
  useEffect(() => {
    let opened: RoomModel | null = null;
    let isLeft = false;
    setModel(null);
    setFault(null);
    void api.run(runId).then((reply) => {
      if (isLeft) return;
      if (reply.kind !== "ok") return setFault(wrongOf(reply));
      opened = new RoomModel(reply.value.room_id, reply.value.number, null, (text) => void toast.error(text, { duration: 10_000, closeButton: true }));
      setModel(opened);
      void opened.open(runId);
    });
    return () => {
      isLeft = true;
      opened?.close();
    };
  }, [runId]);
  return [model, fault];
}
