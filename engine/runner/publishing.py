"""Tells those who watch that there is news, after its commit."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import replace

from engine.failpoints import Point, reach
from engine.live.feed import Feed, Published

GATHER_S = 0.01
"""Between two notices to Redis: what is committed meanwhile goes together."""
UNSENT_KEPT = 10_000
"""Batches kept for a slow Redis; older ones are dropped, and whoever watches fills the gap from SQL."""


class Publisher:
    """Tells Redis after the commit, from a thread of its own: a slow or dead Redis holds nobody up."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._queue: queue.Queue[list[Published] | None] = queue.Queue(UNSENT_KEPT)
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def send(self, batches: list[Published]) -> None:
        if not batches:
            return
        try:
            self._queue.put_nowait(batches)
        except queue.Full:
            self._feed.note_loss()

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join(5)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            together = list(first)
            while len(together) < 500:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    self._feed.publish(_newest(together))
                    return
                together += more
            self._feed.publish(_newest(together))
            reach(Point.AFTER_PUBLISH)
            time.sleep(GATHER_S)


def _newest(batches: list[Published]) -> list[Published]:
    """One notice a run: it says from where to where there is news."""
    newest: dict[str, Published] = {}
    for batch in batches:
        before = newest.get(batch.run_id)
        newest[batch.run_id] = batch if before is None else replace(batch, first=before.first)
    return list(newest.values())
