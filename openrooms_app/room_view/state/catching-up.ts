/** Reads what a long run is ahead of a page in one go, while the page stays alive. */

import { readEvents } from "../data/reading.ts";
import type { Timeline } from "./timeline.ts";

/** The page is drawn this often meanwhile, and the browser gets a turn so often. */
const DRAWN_MS = 150;
const TURN_MS = 12;

export async function catchUp(timeline: Timeline, signal: AbortSignal, draw: () => void): Promise<void> {
  let [drawn, turn] = [0, performance.now()];
  for await (const events of readEvents(timeline.runId, timeline.log.last, signal)) {
    timeline.add(events);
    const now = performance.now();
    if (now - turn < TURN_MS) continue;
    if (now - drawn > DRAWN_MS) {
      drawn = now;
      draw();
    }
    await new Promise((done) => setTimeout(done));
    turn = performance.now();
  }
}
