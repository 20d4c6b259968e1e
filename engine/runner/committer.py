"""Group commit: whoever comes first commits for everybody who waits, in one transaction."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.core.errors import OpenRoomsError
from engine.failpoints import Point, reach
from engine.live.feed import Feed, Published
from engine.store import journal
from engine.store.database import Database, SQLAlchemyError

UNSENT_KEPT = 10_000
"""Batches kept for a slow Redis; older ones are dropped, and whoever watches fills the gap from SQL."""


class Fenced(Exception):
    """Another driver has the run: drop everything, publish nothing, repeat nothing."""


class CommitFailed(Exception):
    """The transaction did not end well, or nobody knows how it ended: read the truth and begin again."""


@dataclass(slots=True)
class _Item:
    move: journal.Move
    shown: Published | None
    is_done: bool = False
    inbox_high: int | None = None
    failure: Exception | None = None


class Committer:
    """Commits moves of many runs together and hands what became true to the publisher, in order."""

    def __init__(self, db: Database, feed: Feed, now_us: Callable[[], int]) -> None:
        self._db = db
        self._now_us = now_us
        self._publisher = Publisher(feed)
        self._mutex = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Item] = []

    def commit(self, move: journal.Move, shown: Published | None) -> int:
        """Make the move durable; the newest id in the run's inbox.

        Raises:
            Fenced: the run has another driver; nothing was written.
            CommitFailed: the database refused or is away.
        """
        item = _Item(move, shown)
        with self._mutex:
            self._waiting.append(item)
        with self._turn:
            if not item.is_done:
                with self._mutex:
                    batch, self._waiting = self._waiting, []
                self._write(batch)
        if item.failure is not None:
            raise CommitFailed(str(item.failure)) from item.failure
        if item.inbox_high is None:
            raise Fenced(move.run_id)
        return item.inbox_high

    def close(self) -> None:
        self._publisher.close()

    def _write(self, batch: list[_Item]) -> None:
        reach(Point.BEFORE_COMMIT)
        try:
            with self._db.write() as session:
                answers = journal.commit(session, [item.move for item in batch], self._now_us())
                reach(Point.IN_COMMIT)
        except (SQLAlchemyError, OpenRoomsError) as error:
            if len(batch) > 1:  # one bad move must not fail the others
                for item in batch:
                    self._write([item])
                return
            batch[0].failure = error
            batch[0].is_done = True
            return
        for item in batch:
            item.inbox_high = answers[item.move.run_id]
            item.is_done = True
        reach(Point.AFTER_COMMIT)
        self._publisher.send([item.shown for item in batch if item.shown and item.inbox_high is not None])


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
                    self._feed.publish(together)
                    return
                together += more
            self._feed.publish(together)
            reach(Point.AFTER_PUBLISH)
