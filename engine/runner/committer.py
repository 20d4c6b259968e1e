"""Group commit: whoever comes first commits for everybody who waits, in one transaction.

A driver that goes on meanwhile has its move committed behind it, by a thread of the committer's own.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from engine.core.log import Stored
from engine.failpoints import Point, reach
from engine.live.feed import Feed, Published
from engine.runner.outbox import Outbox
from engine.store import claims, journal
from engine.store.claims import Claimed
from engine.store.database import Database, DatabaseBusy, DatabaseDown, DatabaseFull, Hot

log = logging.getLogger(__name__)

GATHER_S = 0.01
"""Between two notices to Redis: what is committed meanwhile goes together."""
FULL_S = 1.0
"""How often it is tried whether a full disk has room again."""
UNSENT_KEPT = 10_000
"""Batches kept for a slow Redis; older ones are dropped, and whoever watches fills the gap from SQL."""


class Fenced(Exception):
    """Another driver has the run: drop everything, publish nothing, repeat nothing."""


class Unread(Exception):
    """The run's inbox has more than was read, so it does not end: nothing was written, and its driver has it still."""


class CommitFailed(Exception):
    """The transaction did not end well, or nobody knows how it ended: read the truth and begin again."""


@dataclass(slots=True)
class _Wanted:
    """One part of a group's transaction; its answer is there when the group has been committed."""

    is_done: bool = field(default=False, init=False)
    failure: Exception | None = field(default=None, init=False)

    def is_near(self) -> None:
        """All that is left is the commit."""

    def check(self) -> None:
        """
        Raises:
            CommitFailed: the database refused or is away.
        """
        if self.failure is not None:
            raise CommitFailed(str(self.failure)) from self.failure


@dataclass(slots=True)
class _Move(_Wanted):
    move: journal.Move
    shown: Published | None
    inbox_high: int | None = None

    def answer(self) -> int:
        """The newest id in the run's inbox.

        Raises:
            Fenced: the run has another driver; nothing was written.
            Unread: it would have ended the run, for which something has come; nothing was written.
            CommitFailed: the database refused or is away.
        """
        self.check()
        if self.inbox_high is None:
            raise Fenced(self.move.run_id)
        if not self.was_made:
            raise Unread(self.move.run_id)
        return self.inbox_high

    @property
    def was_made(self) -> bool:
        return journal.was_made(self.inbox_high)


class Behind(_Move):
    """A move on its way to the disk. Bare locks: they are a fraction of an Event's cost, and each has one who waits."""

    __slots__ = ("_done", "_is_near", "_near")

    def __init__(self, move: journal.Move, shown: Published | None) -> None:
        super().__init__(move, shown)
        self._is_near = False
        self._near, self._done = threading.Lock(), threading.Lock()
        self._near.acquire()
        self._done.acquire()

    def is_near(self) -> None:
        if not self._is_near:
            self._is_near = True
            self._near.release()

    def finish(self) -> None:
        self.is_near()
        self._done.release()

    def until_near(self) -> None:
        """Wait until the database waits for its disk, and needs nothing of this process any more."""
        with self._near:
            pass

    def until_done(self) -> int:
        """As `Committer.commit`."""
        with self._done:
            return self.answer()


class HandedOver(_Move):
    """A move whose driver has gone to other runs: it is told when the move is on disk, or is not."""

    __slots__ = ("_then",)

    def __init__(self, move: journal.Move, shown: Published | None, then: Callable[[bool], None]) -> None:
        super().__init__(move, shown)
        self._then = then

    def finish(self) -> None:
        try:
            self._then(self.failure is None and self.was_made)
        except Exception:
            log.exception("a drive crashed")

    def until_done(self) -> int:
        """As `Committer.commit`; asked only after it has finished."""
        return self.answer()


@dataclass(slots=True)
class _Claim(_Wanted):
    run_id: str
    worker_id: str
    may_take_over: bool
    claimed: Claimed | None = None
    unfolded: list[Stored] = field(default_factory=list)


class Committer:
    """Commits claims and moves of many runs together and tells what became true to whoever watches."""

    def __init__(self, db: Database, feed: Feed, now_us: Callable[[], int]) -> None:
        self._db = db
        self._now_us = now_us
        self.outbox = Outbox()
        self._publisher = Publisher(feed)
        self._mutex = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Wanted] = []
        self._behind: queue.SimpleQueue[Behind | HandedOver | None] = queue.SimpleQueue()
        self._is_closed = False
        self._is_leaving = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="committer", daemon=True)
        self._thread.start()

    def commit(self, move: journal.Move, shown: Published | None) -> int:
        """Make the move durable; the newest id in the run's inbox.

        Raises:
            Fenced: the run has another driver; nothing was written.
            CommitFailed: the database refused or is away.
        """
        item = _Move(move, shown)
        self._together([item])
        return item.answer()

    def commit_behind(self, move: journal.Move, shown: Published | None) -> Behind:
        """Make the move durable while its driver goes on. Moves that are given so are committed one after the other:
        a later one of the same run fails if an earlier one has.
        """
        item = Behind(move, shown)
        self.hand_over(item)
        return item

    def hand_over(self, item: Behind | HandedOver) -> None:
        """Make a move durable in the committer's own thread, together with what else was handed over."""
        with self._mutex:  # nothing is put in once the thread has left
            is_open = not self._is_closed
            if is_open:
                self._behind.put(item)
        if not is_open:
            self._finish([item])

    def claim(
        self, run_ids: Sequence[str], worker_id: str, *, may_take_over: bool = True
    ) -> list[tuple[Claimed, list[Stored]]]:
        """Those of the runs that are free to be moved, each with what its log has beyond its snapshot; `may_take_over`:
        those of workers whose lease has run out, too.

        The sweeper comes back to those that the database refused.
        """
        items = [_Claim(run_id, worker_id, may_take_over) for run_id in run_ids]
        self._together(items)
        for item in items:
            if item.failure is not None:
                log.warning("run %s: %s", item.run_id, item.failure)
        return [(item.claimed, item.unfolded) for item in items if item.claimed is not None]

    def wait_no_longer(self) -> None:
        """From now on a full disk fails what it has no room for."""
        self._is_leaving.set()

    def close(self) -> None:
        self.wait_no_longer()
        with self._mutex:
            self._is_closed = True
            self._behind.put(None)
        self._thread.join(5)
        self._publisher.close()

    def _follow(self) -> None:
        is_open = True
        while is_open:
            items = [self._behind.get()]
            with suppress(queue.Empty):
                while items[-1] is not None:
                    items.append(self._behind.get_nowait())
            is_open = items[-1] is not None
            try:
                self._finish([item for item in items if item is not None])
            except Exception:  # whoever comes next still needs this thread
                log.exception("a commit crashed")

    def _finish(self, items: Sequence[Behind | HandedOver]) -> None:
        if not items:
            return
        try:
            self._together(items)
        finally:
            for item in items:
                item.finish()

    def _together(self, items: Sequence[_Wanted]) -> None:
        with self._mutex:
            self._waiting += items
        with self._turn:
            if not items[-1].is_done:
                with self._mutex:
                    batch, self._waiting = self._waiting, []
                self._write(batch)

    def _write(self, batch: list[_Wanted]) -> None:
        """Try again what may still go well. That is harmless though the end of a try be unknown:
        a move that was made does not find its fence and seq again.
        """
        error = self._try(batch)
        if isinstance(error, DatabaseDown) and (len(batch) == 1 or _is_away(error)):
            error = self._try(batch)  # the kept connection may have been cut
        if error is not None and len(batch) > 1 and not _is_away(error):
            for item in batch:  # one bad move must not fail the others
                self._write([item])
            return
        first = batch[0]
        if isinstance(error, DatabaseFull) and isinstance(first, _Move):
            error = self._until_there_is_room(first)
        if error is not None:
            for item in batch:
                item.failure, item.is_done = error, True

    def _until_there_is_room(self, item: _Move) -> Exception | None:
        """What was decided stays as it is, and nothing else is begun: dropped, an effect that has happened would be
        repeated for as long as the disk has room for its intent and none for its result. A database that is away meanwhile
        is being given room.
        """
        if not self._is_leaving.is_set():
            log.warning("The database's disk is full: what was decided waits until there is room.")
        while isinstance(error := self._try([item]), DatabaseDown):
            if self._is_leaving.wait(FULL_S):
                break
        return error

    def _try(self, batch: list[_Wanted]) -> Exception | None:
        """Why it did not go well; None if it did, and everybody in the group has an answer."""
        # In the order of their ids: two transactions that lock runs in different orders wait for each other.
        moves = sorted((item for item in batch if isinstance(item, _Move)), key=lambda item: item.move.run_id)
        wanted = sorted((item for item in batch if isinstance(item, _Claim)), key=lambda item: item.run_id)
        is_heard = bool(moves) and self.outbox.is_wanted
        is_single = not (self._db.is_sqlite or is_heard) and _is_plain(batch)
        if moves:
            reach(Point.BEFORE_COMMIT)
        try:
            with self._db.hot(is_lasting=bool(moves), is_single=is_single) as hot:
                now_us = self._now_us()
                claimed = [(item, *_claim(hot, item, now_us)) for item in wanted]
                if is_single:  # with its answer it is committed
                    batch[0].is_near()
                highs = journal.commit(hot, [item.move for item in moves], now_us)
                if is_heard:
                    made = [
                        item.move for item, high in zip(moves, highs, strict=True) if journal.was_made(high)
                    ]
                    self.outbox.put(hot, made, now_us)
                if moves:
                    reach(Point.IN_COMMIT)
                for each in batch:
                    each.is_near()
        except Exception as error:  # noqa: BLE001 - whatever it is, everybody in the group gets an answer
            return error
        for item, answer, rows in claimed:
            item.claimed, item.unfolded = answer, rows
        for move, high in zip(moves, highs, strict=True):
            move.inbox_high = high
        for done in batch:
            done.is_done = True
        if moves:
            reach(Point.AFTER_COMMIT)
        self._publisher.send([item.shown for item in moves if item.shown and item.was_made])
        return None


def _is_away(error: Exception) -> bool:
    return isinstance(error, DatabaseDown) and not isinstance(error, DatabaseBusy)


def _is_plain(batch: list[_Wanted]) -> bool:
    """Whether PostgreSQL can take all of it as one statement."""
    first = batch[0]
    return len(batch) == 1 and isinstance(first, _Move) and first.move.is_plain


def _claim(hot: Hot, item: _Claim, now_us: int) -> tuple[Claimed | None, list[Stored]]:
    dead_us = now_us if item.may_take_over else 0
    found = claims.claim(hot, item.run_id, item.worker_id, dead_us)
    if found is None or found.seq == found.state_seq:
        return found, []
    return found, journal.rows_after(hot, item.run_id, found.state_seq, journal.ALL)


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
