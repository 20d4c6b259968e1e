// Tells recorded events with the page's own TypeScript: JSON from stdin, JSON to stdout. See test_telling.py.
import { readFileSync } from "node:fs";
import { barsOf } from "../../../openrooms_app/room_view/data/bars.ts";
import { compare } from "../../../openrooms_app/room_view/data/compare.ts";
import { fold } from "../../../openrooms_app/room_view/data/fold.ts";
import { messageOf } from "../../../openrooms_app/room_view/data/message.ts";
import { memoryAt } from "../../../openrooms_app/room_view/data/memory.ts";
import { turnsOf } from "../../../openrooms_app/room_view/data/turns.ts";
import { judgementsOf } from "../../../openrooms_app/room_view/data/why.ts";
import { heard, silenced, SILENCE } from "../../../openrooms_app/room_view/data/words.ts";

const spoken = (story) =>
  [...story.reduce((speeches, item) => (item.delta ? heard(speeches, item.delta) : silenced(speeches, [item.event])), SILENCE).values()];
const plain = ({ parting, nodes, ways, differences }) => ({
  parting: parting && { what: parting.what, node_id: parting.node_id },
  nodes: Object.fromEntries(nodes),
  ways: Object.fromEntries(ways),
  differences: differences.map(({ place, path, here, there }) => ({ place, path, here, there })),
});
const TELLS = {
  words: spoken,
  bars: barsOf,
  turns: turnsOf,
  why: ({ way, events }) => judgementsOf(way, events),
  compare: ({ here, there }) => plain(compare(fold(here), fold(there))),
  message: ({ event, names }) => messageOf(event, new Map(Object.entries(names))),
  memory: ({ now, events, seq }) => memoryAt(now, fold(events.slice(0, seq)), events[0].run_id),
};

const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(asked.map(({ what, given }) => TELLS[what](given))));
