/** Where the parts of the page stand: side by side on a wide screen, behind tabs on a narrow one. */

import { useSyncExternalStore, type ReactNode } from "react";
import { Side } from "../../components/side.tsx";
import type { Bounds } from "../../components/splitter.tsx";
import { Tab, TabList, TabPanel, Tabs } from "../../components/overlays.tsx";
import type { Tab as TabName } from "../state/room.ts";
import { ComparePanel, useCompared } from "./compare-panel.tsx";
import { useRoom, useView } from "./context.ts";
import { Details } from "./details.tsx";
import { Gantt } from "./gantt.tsx";
import { Graph } from "./graph.tsx";
import { LogPanel } from "./log-panel.tsx";
import { Memory } from "./memory.tsx";
import { Moment } from "./moment.tsx";
import { Runs } from "./runs.tsx";
import { Signals } from "./signals.tsx";
import { Split } from "./split.tsx";
import { Variables } from "./variables.tsx";

const WIDE = "(min-width: 900px)";
const BESIDE: readonly TabName[] = ["details", "variables", "memory", "runs", "compare"];

/** The tabs last chosen: the page is drawn anew when it turns to another run, and nobody should have to choose again. */
const chosen: { wide: TabName; narrow: TabName; lower: TabName } = { wide: "variables", narrow: "log", lower: "log" };

export function Layout() {
  const isWide = useSyncExternalStore(watchWidth, () => window.matchMedia(WIDE).matches, () => true);
  return isWide ? <Wide /> : <Narrow />;
}

function watchWidth(listener: () => void): () => void {
  const width = window.matchMedia(WIDE);
  width.addEventListener("change", listener);
  return () => width.removeEventListener("change", listener);
}

/** The tab to show: the one that was opened last, if it stands here; where there is nothing to run, the graph says why. */
function useTab(place: "wide" | "narrow"): [TabName, (tab: string) => void] {
  const { model } = useRoom();
  const asked = useView((view) => view.tab);
  const isUnpublished = useView((view) => view.isUnpublished);
  const isComparing = useCompared() !== null;
  const isHere = asked !== null && (place === "narrow" || BESIDE.includes(asked));
  const tab = isHere ? asked : place === "narrow" && isUnpublished ? "graph" : chosen[place];
  if (isHere && tab !== "compare") chosen[place] = tab;
  return [tab === "compare" && !isComparing ? "runs" : tab, (next) => model.turn(next as TabName)];
}

function sideBounds(pageWidth: number): Bounds {
  return { least: 280, most: Math.max(320, Math.min(720, pageWidth - 600)), usual: Math.min(440, Math.max(320, 0.28 * pageWidth)) };
}

function Wide() {
  const [tab, turn] = useTab("wide");
  return (
    <div className="flex min-h-0 flex-1">
      <Split
        name="room"
        label="Height of the graph"
        upper={<Graph />}
        lower={
          <>
            <Moment />
            <div data-region="log" className="flex min-h-0 flex-1 flex-col"><Lower /></div>
          </>
        }
      />
      <Side name="room.side" label="Width of the column at the right" controls="room-side" bounds={sideBounds}>
        <aside id="room-side" data-region="side" aria-label="Room" className="flex min-h-0 w-(--or-side) shrink-0 flex-col bg-panel">
          <Signals />
          <Tabs value={tab} onValueChange={turn}>
            <div className="px-3">
              <TabList label="Room">
                <PanelTabs />
              </TabList>
            </div>
            <Panels />
          </Tabs>
        </aside>
      </Side>
    </div>
  );
}

/** Log and timeline share the place below the graph. */
function Lower() {
  return (
    <Tabs defaultValue={chosen.lower} onValueChange={(tab) => (chosen.lower = tab as TabName)}>
      <div className="bg-panel px-3">
        <TabList label="Run">
          <Tab value="log">Log</Tab>
          <Tab value="steps">Timeline</Tab>
        </TabList>
      </div>
      <Filling value="log"><LogPanel /></Filling>
      <Filling value="steps"><Gantt /></Filling>
    </Tabs>
  );
}

/** What asks for an answer stands below, near the thumb: when it comes, what is read above it does not move. */
function Narrow() {
  const [tab, turn] = useTab("narrow");
  return (
    <div data-region="parts" className="flex min-h-0 flex-1 flex-col bg-panel">
      <Tabs value={tab} onValueChange={turn}>
        <div className="bg-panel px-3">
          <TabList label="Room">
            <Tab value="graph">Graph</Tab>
            <Tab value="log">Log</Tab>
            <Tab value="steps">Timeline</Tab>
            <PanelTabs />
          </TabList>
        </div>
        <Filling value="graph">
          <Graph />
          <Moment />
        </Filling>
        <Filling value="log"><LogPanel /></Filling>
        <Filling value="steps"><Gantt /></Filling>
        <Panels />
      </Tabs>
      <Signals />
    </div>
  );
}

/** The tabs of `Panels`. */
function PanelTabs() {
  const isComparing = useCompared() !== null;
  return (
    <>
      <Tab value="details">Details</Tab>
      <Tab value="variables">Variables</Tab>
      <Tab value="memory">Memory</Tab>
      <Tab value="runs">Runs</Tab>
      {isComparing && <Tab value="compare">Compare</Tab>}
    </>
  );
}

function Panels() {
  return (
    <>
      <Scrolling value="details"><Details /></Scrolling>
      <Scrolling value="variables"><Variables /></Scrolling>
      <Scrolling value="memory"><Memory /></Scrolling>
      <Scrolling value="runs"><Runs /></Scrolling>
      <Scrolling value="compare"><ComparePanel /></Scrolling>
    </>
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
