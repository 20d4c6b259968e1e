// Filters and measures the page's own log: JSON from stdin, JSON to stdout.
import { readFileSync } from "node:fs";
import { EVERYTHING, EventLog, PAGE } from "../../../openrooms_app/room_view/data/log.ts";

import { Archive } from "../../../openrooms_app/room_view/state/archive.ts";

const listed = (passing) => Array.from({ length: passing.length }, (_, place) => passing.at(place));
const { events, filters, seqs } = JSON.parse(readFileSync(0, "utf8"));
const log = new EventLog();
const added = events.map((batch) => log.add(batch));
const shown = filters.map(({ names, ...filter }) => {
  log.show({ ...EVERYTHING, ...filter, names: new Map(Object.entries(names ?? {})) });
  return listed(log.shown);
});
log.show(EVERYTHING);
const answer = { added, shown, last: log.last, at: seqs.map((seq) => log.shown.placeOf(seq)), warnings: log.warnings, errors: log.errors };
process.stdout.write(JSON.stringify(seqs.length ? { ...answer, far: await far() } : answer));

/** A log of a million events, and how long all that is done with it takes. */
async function far() {
  const MANY = 1_000_000;
  const many = new EventLog();
  const began = performance.now();
  const made = (seq) => ({ seq, type: "X", level: seq % 1_000 ? "INFO" : "ERROR", node_id: seq % 2 ? "odd" : "even", step: Math.ceil(seq / 10), data: {}, message: `line ${seq}` });
  for (let seq = 1; seq <= MANY; seq += 1) many.add([made(seq)]);
  const places = [1, 500_000, MANY].map((seq) => many.shown.placeOf(seq));
  const held = Array.from({ length: MANY / PAGE }, (_, page) => page).filter((page) => !many.isMissing(page)).length;
  many.show({ ...EVERYTHING, level: "ERROR", node: "even" });
  const errors = [many.shown.length, many.shown.at(1), many.shown.placeOf(3_000)];
  many.show({ ...EVERYTHING, text: "line 7" });
  const [sought, before] = [many.shown.sought, many.shown.length];
  many.shown.add([7, 70]);
  many.add([made(MANY + 1), { ...made(MANY + 2), message: "line 7 again" }]);
  many.shown.add([71, MANY + 2]); // the search has come as far as what the page has seen by itself
  const searched = [sought, before, listed(many.shown), many.shown.placeOf(71)];
  const wasHere = [many.at(5), many.at(MANY)].map((event) => event !== undefined);
  many.put(0, Array.from({ length: PAGE }, (_, index) => made(index + 1)));
  const came = many.at(5).message;
  const scattered = await readScattered(many, made);
  return { scattered, held, errors, searched, wasHere, came, step: many.columns.ofStep(50, 490, MANY), next: many.columns.nextOf("ERROR", 1_500), last: many.columns.lastOf("odd", ["X"], 1_000, 2), places, took: performance.now() - began };
}

/** What is asked of a server while lines are looked at that lie far from each other, and what of them is here then. */
async function readScattered(log, made) {
  const asked = [];
  const from = (kind, seqs) => (asked.push(`${kind} ${seqs.length}`), Promise.resolve({ kind: "ok", value: { items: seqs.map(made), next_cursor: null } }));
  const archive = new Archive("run", log, () => undefined, {
    events: (_, after, limit) => from("page", Array.from({ length: limit }, (_, index) => after + index + 1)),
    eventsAt: (_, seqs) => from("alone", seqs),
  });
  const every = (step, count, first = 100_500) => Array.from({ length: count }, (_, index) => first + step * index);
  const rested = () => new Promise((done) => setTimeout(done));
  archive.want(every(1_000, 60), () => every(1_000, 60, 160_500));
  archive.want(every(1_000, 60, 300_500)); // scrolled on before the answer came
  await rested();
  archive.want(every(1_000, 60));
  archive.want(every(1, 60));
  await rested();
  const here = [...every(1_000, 120), ...every(1_000, 60, 300_500)].filter((seq) => log.at(seq)?.seq === seq).length;
  log.show({ ...EVERYTHING, level: "ERROR" });
  const last = await archive.lastShown(500);
  log.putAlone(every(1, 5_000, 2_002).map(made));
  return { asked, here, last: [last.length, last[0].seq, last.at(-1).seq], kept: [2_002, 7_001].map((seq) => log.at(seq) !== undefined) };
}
