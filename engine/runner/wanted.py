"""What is to be committed, each with its way to tell of the answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.log import Stored
from engine.live.feed import Published
from engine.store import journal
from engine.store.claims import Claimed

if TYPE_CHECKING:
    from engine.store.postgresql import Asked

log = logging.getLogger(__name__)


class Fenced(Exception):
    """Another driver has the run: drop everything, publish nothing, repeat nothing."""


class Unread(Exception):
    """The run's inbox has more than was read, so it does not end: nothing was written, and its driver has it still."""


class CommitFailed(Exception):
    """The transaction did not end well, or nobody knows how it ended: read the truth and begin again."""


@dataclass(slots=True)
class Wanted:
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
class Moving(Wanted):
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


class Behind(Moving):
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


class Sent(Moving):
    """A move that PostgreSQL has been sent; its answer is read by whoever is in need of it, or commits next."""

    __slots__ = ("_hear", "asked")

    def __init__(self, move: journal.Move, shown: Published | None, hear: Callable[[Sent], None]) -> None:
        super().__init__(move, shown)
        self._hear = hear
        self.asked: Asked | None = None

    def until_near(self) -> None:
        """At once: nothing is needed of this process any more."""

    def until_done(self) -> int:
        """As `Committer.commit`."""
        self._hear(self)
        return self.answer()


class HandedOver(Moving):
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
class Claim(Wanted):
    run_id: str
    worker_id: str
    may_take_over: bool
    claimed: Claimed | None = None
    unfolded: list[Stored] = field(default_factory=list)
