// Folds recorded runs with the page's own TypeScript: JSON from stdin, JSON to stdout. See test_fold.py.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { readDocument } from "../../../openrooms_app/canvas/document/document.ts";
import { fold, statusOf } from "../../../openrooms_app/room_view/data/fold.ts";
import { painted } from "../../../openrooms_app/room_view/data/painting.ts";
import { forkRules } from "../../../openrooms_app/room_view/data/shared.ts";
import { stepsOf } from "../../../openrooms_app/room_view/data/steps.ts";
import { Timeline } from "../../../openrooms_app/room_view/state/timeline.ts";

const plain = (names = {}) => Object.fromEntries(Object.entries(names).map(([name, { value }]) => [name, value]));

function stoodAt(standing) {
  const tokens = [...standing.tokens].filter(([, token]) => !token.isLeaving);
  return {
    status: statusOf(standing),
    tokens: tokens.map(([branch, { node_id, phase }]) => ({ branch, node_id, phase })),
    joins: [...standing.forks.values()].map(({ join, arrived, width }) => ({ node_id: join, arrived: arrived.length, of: width })),
    vars: plain(standing.vars[""]),
    signals: [...standing.waits.values()].filter(({ signal }) => signal !== null).map(({ signal, node_id }) => ({ name: signal, node_id })),
    painted: painted(standing),
  };
}

const runs = JSON.parse(readFileSync(0, "utf8"));
const folded = runs.map(({ events, document, moments }) => {
  const timeline = new Timeline(events[0].run_id);
  timeline.add(events);
  timeline.add(events.slice(-3)); // what is sent twice is taken once
  const read = readDocument(document);
  timeline.follow((fork, join) => forkRules(read, fork, join));
  const steps = stepsOf(events).map(({ activation, first, last, ...step }) => step);
  const look = (seqs) => seqs.map((seq) => stoodAt(timeline.at(seq)));
  const [stood, end] = [look(moments), stoodAt(timeline.now)];
  const backward = look([...moments].reverse()).reverse();
  const afresh = (seq) => stoodAt(fold(events.slice(0, seq), (fork, join) => forkRules(read, fork, join)));
  const isKept = [998, 999, 1_000, 1_001, 1_002].filter((seq) => seq < events.length).every((seq) => isDeepStrictEqual(stoodAt(timeline.at(seq)), afresh(seq)));
  const isSteady = isKept && isDeepStrictEqual([stood, end], [backward, stoodAt(timeline.now)]);
  return { steps, end, stood, isSteady, now: stepsOf(events).length === timeline.now.steps.size };
});
process.stdout.write(JSON.stringify(folded));
