/** All of a run's events after one, in one answer: far faster than they come by the stream, which tells them as they happen. */

import type { RunEvent } from "./event.ts";

/** Their lines as they come. Ends early, without a word, where the connection does: the stream goes on from there. */
export async function* readEvents(runId: string, after: number, signal: AbortSignal): AsyncGenerator<readonly RunEvent[]> {
  try {
    const answer = await fetch(`/api/runs/${encodeURIComponent(runId)}/events/export?after_seq=${after}`, { signal });
    if (!answer.ok || !answer.body) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop()!;
      yield lines.map((line) => JSON.parse(line) as RunEvent);
    }
  } catch (error) {
    if (!(error instanceof TypeError || (error as Error).name === "AbortError")) throw error;
  }
}
