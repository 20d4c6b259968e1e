// Filters and measures the page's own log: JSON from stdin, JSON to stdout.
import { readFileSync } from "node:fs";
import { EVERYTHING, EventLog } from "../../../openrooms_app/room_view/data/log.ts";

const { events, filters, seqs } = JSON.parse(readFileSync(0, "utf8"));
const log = new EventLog();
const added = events.map((batch) => log.add(batch));
const shown = filters.map(({ names, ...filter }) => {
  log.show({ ...EVERYTHING, ...filter, names: new Map(Object.entries(names ?? {})) });
  return log.shown.map((place) => log.events[place].seq);
});
log.show(EVERYTHING);
const many = new EventLog();
const began = performance.now();
for (let seq = 1; seq <= 1_000_000; seq += 1) many.add([{ seq, level: "INFO", data: {}, message: "" }]);
const places = [1, 500_000, 1_000_000].map((seq) => many.placeOf(seq));
const took = performance.now() - began;
process.stdout.write(JSON.stringify({ added, shown, last: log.last, places, took, at: seqs.map((seq) => log.placeOf(seq)), warnings: log.warnings, errors: log.errors }));
