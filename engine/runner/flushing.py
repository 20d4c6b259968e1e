"""What a drive has decided, on its way to the disk: gathered, committed, and told to those who wait for that."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from engine.core.events import Fact
from engine.core.inputs import Command, Input
from engine.core.log import Entry, taken_apart
from engine.core.tokens import State
from engine.runner.committer import Committer
from engine.runner.record import Record
from engine.runner.wanted import Behind, HandedOver, Sent, Unread
from engine.store.claims import Claimed
from engine.store.journal import Move

Hear = Callable[[], None]

FLUSH_ENTRIES = 4096
FLUSH_AFTER_US = 45_000
"""What a long pure stretch shows at once: watchers see it well within 150 ms."""


class Host(Protocol):
    """What a flusher needs of its worker."""

    worker_id: str
    committer: Committer

    def expect(self, due_us: int) -> None: ...


class _OnItsWay(NamedTuple):
    """What is being committed while its driver does something else, and all that is needed to take it back."""

    answer: Behind | HandedOver | Sent
    move: Move
    heard: list[Hear]
    record: Record
    done: int
    """What of the inbox had been read as of the commit before it."""


class Flusher:
    """Commits what one driver of one run has gathered; one thread at a time.

    Raises wherever it commits or waits for a commit:
        Fenced: the run has another driver.
        Unread: it was the run's end, for which something has come; see `take_back`.
        CommitFailed: the database refused or is away.
    """

    def __init__(self, host: Host, claimed: Claimed, record: Record) -> None:
        self._host = host
        self._fence = claimed.fence
        self._record = record
        self._heard: list[Hear] = []
        self._sent: deque[_OnItsWay] = deque()
        self._done = claimed.inbox_done
        self.inbox_high = claimed.inbox_high
        """The newest wish that there is, as of the last commit."""
        self.is_due = False
        """Whether enough is gathered."""
        self.heeds_inbox = True
        """Whether the run's end has to wait for what its inbox has; not when it was ended by something from there."""

    def gather(
        self, given: Input, facts: list[Fact], commands: list[Command], at_us: int, own: int | None = None
    ) -> None:
        """Keep an input with what followed of it, until the next commit; `own` as in an entry of the log."""
        record = self._record
        record.add(given, facts, commands, at_us, own)
        self.is_due = len(record.entries) >= FLUSH_ENTRIES or 0 < record.since_us < at_us - FLUSH_AFTER_US

    def tell(self, hear: Hear) -> None:
        """Have it called once what is gathered is on disk."""
        self._heard.append(hear)

    def flush(self, state: State, inbox_done: int, *, is_able: bool, release: bool = False) -> None:
        """Commit; then, and only then, may the world see it. `is_able`: the run could go on."""
        self.settle()
        if not self._is_needed(inbox_done, release=release):
            return
        wanted, record = self._wanted(state, inbox_done, is_able=is_able, release=release), self._record
        high = self._host.committer.commit(wanted, record.shown(state))
        self._is_kept(wanted, self._begin_next(state, inbox_done), high)

    def flush_behind(self, state: State, inbox_done: int, *, is_alone: bool) -> None:
        """Have it committed while the driver computes what is pure: that is seen by nobody until it is on disk, too.
        `is_alone`: its worker drives no other run.

        Comes back when the database waits for its disk alone: one more move may be gathered meanwhile.
        """
        if not self._record.entries:
            return
        wanted, record, done = self._wanted(state, inbox_done), self._record, self._done
        behind = self._host.committer.commit_behind(wanted, record.shown(state), is_alone=is_alone)
        heard = self._begin_next(state, inbox_done)
        behind.until_near()
        self._settle(but=1 if isinstance(behind, Sent) else 0)  # what came before it is on disk by now
        self._sent.append(_OnItsWay(behind, wanted, heard, record, done))

    def hand_over(
        self, state: State, inbox_done: int, *, is_able: bool, release: bool, then: Callable[[bool], None]
    ) -> bool:
        """Have it committed as by `flush`; `then` is told whether it went well, and `settle` follows. False: it is nothing."""
        if not self._is_needed(inbox_done, release=release):
            return False
        wanted = self._wanted(state, inbox_done, is_able=is_able, release=release)
        record, done = self._record, self._done
        sent = HandedOver(wanted, record.shown(state), then)
        self._sent.append(_OnItsWay(sent, wanted, self._begin_next(state, inbox_done), record, done))
        self._host.committer.hand_over(sent)
        return True

    def settle(self) -> None:
        """From here on, what was to be committed while the driver did something else is on disk."""
        self._settle()

    def _settle(self, *, but: int = 0) -> None:
        while len(self._sent) > but:
            sent = self._sent.popleft()
            try:
                high = sent.answer.until_done()
            except Unread:  # nothing is decided after an end
                self._record, self._heard, self._done = sent.record, sent.heard, sent.done
                raise
            self._is_kept(sent.move, sent.heard, high)

    def take_back(self) -> list[Entry]:
        """After `Unread`: what was to be committed, in the order of its inputs, to be gathered again as far as it holds."""
        record, self._record = self._record, self._record.emptied()
        self.is_due = False
        return [one for stored in record.entries for one in taken_apart(stored)]

    def _is_needed(self, inbox_done: int, *, release: bool) -> bool:
        return bool(self._record.entries) or release or inbox_done != self._done

    def _wanted(self, state: State, inbox_done: int, *, is_able: bool = False, release: bool = False) -> Move:
        wanted = self._record.move(
            state, fence=self._fence, worker=self._host.worker_id, inbox_done=inbox_done, release=release
        )
        wanted.has_read = inbox_done != self._done
        wanted.is_unfinished = is_able
        wanted.heeds_inbox = self.heeds_inbox and wanted.is_last
        return wanted

    def _begin_next(self, state: State, inbox_done: int) -> list[Hear]:
        """What is gathered from now on is for another commit; whom to tell of this one."""
        self.is_due = False
        self._done = inbox_done
        self._record = self._record.cleared(state)
        heard, self._heard = self._heard, []
        return heard

    def _is_kept(self, kept: Move, heard: list[Hear], inbox_high: int) -> None:
        self.inbox_high = inbox_high
        for hear in heard:
            hear()
        if kept.set_timers:
            self._host.expect(min(due_us for _, _, due_us in kept.set_timers))
