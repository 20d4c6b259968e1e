/** Where the parts of the page stand: side by side on a wide screen, behind tabs on a narrow one. */

import { useSyncExternalStore, type ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs } from "../../components/overlays.tsx";
import { Graph } from "./graph.tsx";
import { LogPanel } from "./log-panel.tsx";
import { Memory } from "./memory.tsx";
import { Moment } from "./moment.tsx";
import { Runs } from "./runs.tsx";
import { Signals } from "./signals.tsx";
import { Split } from "./split.tsx";
import { Variables } from "./variables.tsx";

const WIDE = "(min-width: 900px)";

/** The tabs last chosen: the page is drawn anew when it turns to another run, and nobody should have to choose again. */
const chosen = { wide: "variables", narrow: "log" };

export function Layout() {
  const isWide = useSyncExternalStore(watchWidth, () => window.matchMedia(WIDE).matches, () => true);
  return isWide ? <Wide /> : <Narrow />;
}

function watchWidth(listener: () => void): () => void {
  const width = window.matchMedia(WIDE);
  width.addEventListener("change", listener);
  return () => width.removeEventListener("change", listener);
}

function Wide() {
  return (
    <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)_clamp(300px,28vw,400px)]">
      <Split
        name="room"
        label="Height of the graph"
        upper={<Graph />}
        lower={
          <>
            <Moment />
            <LogPanel />
          </>
        }
      />
      <aside aria-label="Room" className="flex min-h-0 flex-col border-l border-line bg-panel">
        <Signals />
        <Tabs defaultValue={chosen.wide} onValueChange={(tab) => (chosen.wide = tab)}>
          <div className="px-3">
            <TabList label="Room">
              <Tab value="variables">Variables</Tab>
              <Tab value="memory">Memory</Tab>
              <Tab value="runs">Runs</Tab>
            </TabList>
          </div>
          <Scrolling value="variables"><Variables /></Scrolling>
          <Scrolling value="memory"><Memory /></Scrolling>
          <Scrolling value="runs"><Runs /></Scrolling>
        </Tabs>
      </aside>
    </div>
  );
}

function Narrow() {
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Signals />
      <Tabs defaultValue={chosen.narrow} onValueChange={(tab) => (chosen.narrow = tab)}>
        <div className="bg-panel px-3">
          <TabList label="Room">
            <Tab value="graph">Graph</Tab>
            <Tab value="log">Log</Tab>
            <Tab value="variables">Variables</Tab>
            <Tab value="memory">Memory</Tab>
            <Tab value="runs">Runs</Tab>
          </TabList>
        </div>
        <Filling value="graph">
          <Graph />
          <Moment />
        </Filling>
        <Filling value="log"><LogPanel /></Filling>
        <Scrolling value="variables"><Variables /></Scrolling>
        <Scrolling value="memory"><Memory /></Scrolling>
        <Scrolling value="runs"><Runs /></Scrolling>
      </Tabs>
    </div>
  );
}

type PanelProps = { readonly value: string; readonly children: ReactNode };

function Scrolling({ value, children }: PanelProps) {
  return (
    <TabPanel value={value}>
      <div className="h-full overflow-y-auto bg-panel p-3">{children}</div>
    </TabPanel>
  );
}

function Filling({ value, children }: PanelProps) {
  return (
    <TabPanel value={value}>
      <div className="flex h-full min-h-0 flex-col">{children}</div>
    </TabPanel>
  );
}
