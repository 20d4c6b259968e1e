"""Group commit: whoever comes first commits for everybody who waits, in one transaction.

A driver that goes on meanwhile has its move committed behind it, by a thread of the committer's own.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.core.log import Stored
from engine.failpoints import Point, reach
from engine.live.feed import Feed, Published
from engine.runner.outbox import Outbox
from engine.runner.publishing import Publisher
from engine.runner.wanted import Behind, Claim, HandedOver, Moving, Sent, Wanted
from engine.store import claims, journal
from engine.store.claims import Claimed
from engine.store.database import Database, DatabaseBusy, DatabaseDown, DatabaseFull, Hot

if TYPE_CHECKING:
    from engine.store.postgresql import Asked, Lane

log = logging.getLogger(__name__)

FULL_S = 1.0
"""How often it is tried whether a full disk has room again."""
AWAY_S = 0.25
"""How often it is tried whether the database is back."""
TRIES = 3
"""Of what fails though the database answers."""
LATE_S = 0.05
"""How long the answer to what was sent may wait for its driver: watchers see it well within 150 ms."""


class _Look:
    """What the committer's thread is woken with when something was sent."""


LOOK = _Look()


class Committer:
    """Commits claims and moves of many runs together and tells what became true to whoever watches."""

    def __init__(self, db: Database, feed: Feed, now_us: Callable[[], int]) -> None:
        self._db = db
        self._now_us = now_us
        self.outbox = Outbox()
        self._publisher = Publisher(feed)
        self._mutex = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[Wanted] = []
        self._behind: queue.SimpleQueue[Behind | HandedOver | _Look | None] = queue.SimpleQueue()
        self._lane = db.lane()
        self._sent: deque[Sent] = deque()
        """What was sent and its answer not read, in order; guarded by `_turn`."""
        self._last_sent: Sent | None = None
        self._is_looking = False
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
        item = Moving(move, shown)
        self._together([item])
        return item.answer()

    def commit_behind(
        self, move: journal.Move, shown: Published | None, *, is_alone: bool = False
    ) -> Behind | Sent:
        """Make the move durable while its driver goes on. Moves that are given so are committed one after the other:
        a later one of the same run fails if an earlier one has. `is_alone`: there is nothing to commit it with.
        """
        if is_alone and self._lane is not None and move.is_plain and not self.outbox.is_wanted:
            return self._send_alone(Sent(move, shown, self._hear))
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
        items = [Claim(run_id, worker_id, may_take_over) for run_id in run_ids]
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
        with self._turn:
            self._take()
            lane, self._lane = self._lane, None
            if lane is not None:
                lane.close()
        self._publisher.close()

    def _follow(self) -> None:
        is_open = True
        while is_open:
            items = [self._next()]
            with suppress(queue.Empty):
                while items[-1] is not None:
                    items.append(self._behind.get_nowait())
            is_open = items[-1] is not None
            try:
                self._finish([item for item in items if isinstance(item, Behind | HandedOver)])
            except Exception:  # whoever comes next still needs this thread
                log.exception("a commit crashed")

    def _next(self) -> Behind | HandedOver | _Look | None:
        """What is to be committed next. Meanwhile no answer waits long for a driver that computes."""
        while True:
            self._is_looking = False  # first: what is sent from here on says so
            sent = self._last_sent if self._sent else None
            self._is_looking = sent is not None
            try:
                return self._behind.get(timeout=None if sent is None else LATE_S)
            except queue.Empty:
                if sent is not None:
                    self._hear(sent)

    def _finish(self, items: Sequence[Behind | HandedOver]) -> None:
        if not items:
            return
        try:
            self._together(items)
        finally:
            for item in items:
                item.finish()

    def _together(self, items: Sequence[Wanted]) -> None:
        with self._mutex:
            self._waiting += items
        with self._turn:
            if not items[-1].is_done:
                self._take()
                with self._mutex:
                    batch, self._waiting = self._waiting, []
                self._write(batch)

    def _send_alone(self, item: Sent) -> Sent:
        with self._turn:
            self._take(but=1)  # the server has one more to do as soon as it has done the last
            self._sent.append(item)
            self._last_sent = item
            if self._lane is not None:
                item.asked = self._send(self._lane, item)
        if not self._is_looking:
            self._behind.put(LOOK)
        return item

    def _hear(self, sent: Sent) -> None:
        with self._turn:
            while self._sent and not sent.is_done:
                self._take(but=len(self._sent) - 1)

    def _take(self, *, but: int = 0) -> None:
        """Read the answers to what was sent, `but` so many of the last; what went wrong is tried again, in order."""
        while len(self._sent) > but:
            item = self._sent.popleft()
            lane, asked = self._lane, item.asked
            error = None if lane is None or asked is None else self._answered(lane, item, asked)
            if not item.is_done:
                self._write([item], error)

    def _send(self, lane: Lane, item: Moving) -> Asked:
        reach(Point.BEFORE_COMMIT)
        return lane.send(*journal.at_once(item.move))

    def _answered(self, lane: Lane, item: Moving, asked: Asked) -> Exception | None:
        """With its answer it is committed."""
        try:
            item.inbox_high = journal.heard(lane.take(asked))
            reach(Point.IN_COMMIT)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits gets an answer
            return error
        self._made([item])
        return None

    def _made(self, moves: list[Moving]) -> None:
        for item in moves:
            item.is_done = True
        reach(Point.AFTER_COMMIT)
        self._publisher.send([item.shown for item in moves if item.shown and item.was_made])

    def _write(self, batch: list[Wanted], error: Exception | None = None) -> None:
        """Try again what may still go well; `error`: what the first try has come to already. That is harmless though the end
        of a try be unknown: a move that was made does not find its fence and seq again, and is looked for.
        """
        error = error or self._try(batch)
        is_full = isinstance(error, DatabaseFull)  # its server may end with it: who asks then hears less
        if isinstance(error, DatabaseDown) and not is_full and (len(batch) == 1 or _is_away(error)):
            error = self._try_again(batch)  # the kept connection may have been cut
            error = self._until_it_is_back(batch, error)
        if error is not None and len(batch) > 1 and not _is_away(error):
            for item in batch:  # one bad move must not fail the others
                self._write([item])
            return
        first = batch[0]
        if isinstance(error, DatabaseFull) and isinstance(first, Moving):
            error = self._until_there_is_room(first)
        if error is not None:
            for item in batch:
                item.failure, item.is_done = error, True

    def _try_again(self, batch: list[Wanted]) -> Exception | None:
        """As `_try`. What comes too late may have been made by the try before, of which nobody knows the end."""
        error = self._try(batch)
        moves = [item for item in batch if error is None and isinstance(item, Moving)]
        late = [item for item in moves if item.inbox_high is None]
        try:
            for item in late:
                with self._db.look() as hot:
                    item.inbox_high = journal.made_before(hot, item.move)
        except Exception as away:  # noqa: BLE001 - they stay late: whoever comes next reads how it is
            log.warning("what may have been committed can't be looked for: %s", away)
        if made := [item for item in late if item.was_made]:
            self._made(made)
        return error

    def _until_it_is_back(self, batch: list[Wanted], error: Exception | None) -> Exception | None:
        """As for room on a full disk, while nobody can write to the database; once somebody can, what still fails is at fault
        itself. Claims alone don't wait: the sweeper comes back to them.
        """
        tries = 0 if any(isinstance(item, Moving) for item in batch) else TRIES
        while error is not None and _is_away(error) and tries < TRIES:
            if self._is_leaving.wait(AWAY_S):
                break
            if self._db.takes_writes:
                tries += 1
                error = self._try_again(batch)
        return error

    def _until_there_is_room(self, item: Moving) -> Exception | None:
        """What was decided stays as it is, and nothing else is begun: dropped, an effect that has happened would be
        repeated for as long as the disk has room for its intent and none for its result. A database that is away meanwhile
        is being given room.
        """
        if not self._is_leaving.is_set():
            log.warning(
                "The disk of the database %s is full: what was decided waits until there is room.",
                self._db.url.database,
            )
        while isinstance(error := self._try_again([item]), DatabaseDown):
            if self._is_leaving.wait(FULL_S):
                break
        return error

    def _try(self, batch: list[Wanted]) -> Exception | None:
        """Why it did not go well; None if it did, and everybody in the group has an answer."""
        # In the order of their ids: two transactions that lock runs in different orders wait for each other.
        moves = sorted(
            (item for item in batch if isinstance(item, Moving)), key=lambda item: item.move.run_id
        )
        wanted = sorted((item for item in batch if isinstance(item, Claim)), key=lambda item: item.run_id)
        is_heard = bool(moves) and self.outbox.is_wanted
        if self._lane is not None and not is_heard and _is_plain(batch):
            asked = self._send(self._lane, moves[0])
            moves[0].is_near()
            return self._answered(self._lane, moves[0], asked)
        if moves:
            reach(Point.BEFORE_COMMIT)
        try:
            with self._db.hot(is_lasting=bool(moves)) as hot:
                now_us = self._now_us()
                claimed = [(item, *_claim(hot, item, now_us)) for item in wanted]
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
            item.is_done = True
        for move, high in zip(moves, highs, strict=True):
            move.inbox_high = high
        if moves:
            self._made(moves)
        return None


def _is_away(error: Exception) -> bool:
    return isinstance(error, DatabaseDown) and not isinstance(error, DatabaseBusy)


def _is_plain(batch: list[Wanted]) -> bool:
    """Whether PostgreSQL can take all of it as one statement."""
    first = batch[0]
    return len(batch) == 1 and isinstance(first, Moving) and first.move.is_plain


def _claim(hot: Hot, item: Claim, now_us: int) -> tuple[Claimed | None, list[Stored]]:
    dead_us = now_us if item.may_take_over else 0
    found = claims.claim(hot, item.run_id, item.worker_id, dead_us)
    if found is None or found.seq == found.state_seq:
        return found, []
    return found, journal.rows_after(hot, item.run_id, found.state_seq, journal.ALL)
