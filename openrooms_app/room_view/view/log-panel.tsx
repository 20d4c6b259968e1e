/** The run's log: what is shown of it, the list itself, and the event that was clicked. */

import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { ScrollText } from "lucide-react";
import { titleOf } from "../../canvas/document/document.ts";
import type { Level } from "../data/event.ts";
import type { Filter } from "../data/log.ts";
import { useRoom, useShown, useView } from "./context.ts";
import { EventDetail } from "./event-detail.tsx";
import { Notice } from "./kit.tsx";
import { LogList } from "./log-list.tsx";
import { LogTools } from "./log-tools.tsx";

const LEVEL_KEY = "openrooms.log.level";

export function LogPanel() {
  const { model } = useRoom();
  const shown = useShown();
  const line = useView((view) => view.line);
  const node = useView((view) => view.node);
  const at = useView((view) => view.at);
  const names = useNames();
  const [filter, setFilter] = useFilter(names);
  const [isFollowing, setFollowing] = useState(true);
  const { log, archive } = shown.timeline;
  useMemo(() => void archive.show(filter), [archive, filter]);
  const places = log.shown;
  const chosen = line === null ? undefined : log.at(line);
  const isPointed = useRef(line);
  isPointed.current = line;
  const point = useCallback((seq: number): void => model.point(log.columns.nodeOf(seq), seq === isPointed.current ? null : seq), [model, log]);
  return (
    <section aria-label="Log" className="@container flex min-h-0 flex-1 flex-col bg-panel" data-testid="log">
      <LogTools filter={filter} onFilter={setFilter} isFollowing={isFollowing} onFollow={setFollowing} places={places} />
      {log.last === 0 && <Nothing />}
      {log.last > 0 && (
        <LogList timeline={shown.timeline} places={places} names={names} chosen={line} node={node} moment={at} isFollowing={isFollowing && at === null} onFollow={setFollowing} onChoose={point} />
      )}
      {chosen && <EventDetail event={chosen} onClose={() => model.point(null)} />}
    </section>
  );
}

function useNames(): ReadonlyMap<string, string> {
  const document = useView((view) => view.document);
  return useMemo(() => new Map(document?.nodes.map((node) => [node.id, titleOf(node)])), [document]);
}

function Nothing() {
  const isIdle = useView((view) => view.news?.status === "IDLE");
  if (!isIdle) return <p className="p-4 text-sm text-mute">Waiting for the first event …</p>;
  return <Notice Icon={ScrollText} title="Nothing has happened here yet">Each event of a run appears here the moment it is recorded.</Notice>;
}

/** The reader's filter; a node that is pointed at from the graph is no filter, it only scrolls there. */
function useFilter(names: Filter["names"]): [Filter, (change: Partial<Filter>) => void] {
  const [level, setLevel] = useState<Level>(() => (localStorage.getItem(LEVEL_KEY) as Level | null) ?? "INFO");
  const [text, setText] = useState("");
  const [node, setNode] = useState<string | null>(null);
  const [type, setType] = useState<string | null>(null);
  const words = useDeferredValue(text);
  useEffect(() => localStorage.setItem(LEVEL_KEY, level), [level]);
  const filter = useMemo(() => ({ level, text: words, node, type, names }), [level, words, node, type, names]);
  const change = (next: Partial<Filter>): void => {
    if (next.level !== undefined) setLevel(next.level);
    if (next.text !== undefined) setText(next.text);
    if (next.node !== undefined) setNode(next.node);
    if (next.type !== undefined) setType(next.type);
  };
  return [filter, change];
}
