"""One run under its owner: inputs are applied in memory and committed before anything becomes observable."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import orjson

from engine.core.advance import can_go, move, move_on
from engine.core.inputs import KINDS, Abort, Execute, Go, Input, Result, WorkerLost, ends_of
from engine.core.log import Stored
from engine.core.plan import Plan
from engine.core.replaying import fold
from engine.core.tokens import Phase, State
from engine.failpoints import Point, reach
from engine.runner.effects import Begun, Work
from engine.runner.flushing import Flusher, Hear
from engine.runner.host import Host
from engine.runner.preparing import Preparing
from engine.runner.record import Record
from engine.runner.reopening import reopen
from engine.runner.spending import Spending
from engine.runner.turns import ANSWER_S, TURN_S, Stopped
from engine.runner.wanted import CommitFailed, Fenced, Unread
from engine.store import inbox
from engine.store.claims import Claimed

log = logging.getLogger(__name__)

T = TypeVar("T")


class Drive:
    """Moves one claimed run until it blocks. Any thread may call `run`; one at a time does the work."""

    def __init__(self, host: Host, claimed: Claimed, plan: Plan, rows: list[Stored]) -> None:
        self._host = host
        self._effects = host.effects
        self._claimed = claimed
        self._plan = plan
        self._state = fold(plan, State.of(orjson.loads(claimed.state)) if claimed.state else State(), rows)
        record = Record(
            claimed.run_id,
            claimed.room_id,
            claimed.seq,
            claimed.head_hash,
            claimed.status,
            unfolded_bytes=sum(len(row.body) for row in rows),
            snapshot_bytes=len(claimed.state or ""),
        )
        self._flusher = Flusher(host, claimed, record)
        self._inbox_done = claimed.inbox_done
        self._has_news = False
        """Somebody says that the inbox has more than the last commit saw."""
        self._results: deque[tuple[Input, Hear | None]] = deque()
        self._spending = Spending(host.rt.db, claimed)
        self._preparing = Preparing(host.rt, claimed, plan, self._state, self._spending)
        self._to_start: list[Work] = []
        self._outstanding: dict[str, Begun] = {}
        self._last_us = 0
        self._mutex = threading.Lock()
        self._news = threading.Event()
        self._is_wanted = self._is_driving = self._is_gone = False
        self._now_us = host.rt.now_us
        self._is_strict = host.rt.settings.commit == "every_step"
        self._has_ended_step = False
        """Whether a step was made since the last commit; an effect's result may share one with the next step."""
        # Its last driver died, perhaps of a step whose intent was not on disk yet: from now on it always is.
        self._is_careful = claimed.last_owner not in (None, host.worker_id)

    def knock(self, *, look: bool = False) -> bool:
        """Something may have happened: results are in, or (`look`) the inbox has news. False: nobody is here any more."""
        with self._mutex:
            if self._is_gone:
                return False
            if look:
                self._has_news = True
            self._is_wanted = True
            self._news.set()
            if self._is_driving:
                return True
        self._host.submit(self.run)
        return True

    def run(self) -> None:
        """Go on until the run blocks, ends, or its turn is over."""
        with self._mutex:
            self._is_wanted = True
            if self._is_driving:
                return
            self._is_driving = True
        self._guarded(self._go_on)

    def _go_on(self) -> None:
        while self._take_want():
            stopped = self._turn()
            if stopped is Stopped.HANDED_OVER:
                return
            if stopped is Stopped.BLOCKED:
                continue
            if self._host.is_full() and self._give_back():
                return
            if self._effects.is_here():
                self._host.submit(self.run)
            elif self._host.is_crowded():
                self._flush_behind()
                self._host.submit(self.run)  # still something to do: let others have a turn first
            else:
                self._is_wanted = True

    def _give_back(self) -> bool:
        """To the end of the queue, for others wait there; False while something is under way that is this worker's."""
        while self._results:
            self._apply_next()
        if self._is_gone or self._to_start or self._outstanding or not can_go(self._state):
            return False
        reach(Point.BEFORE_RELEASE)
        self._flush(release=True)
        self._committed(releases=True)
        self._host.queue(self._claimed.run_id)
        return True

    def _guarded(self, work: Callable[[], T]) -> T | None:
        """What `work` gives; None if it is of no use any more, and the run is dropped."""
        try:
            return work()
        except Fenced:
            self._abandon(again=False)
        except CommitFailed as error:
            log.warning("run %s is dropped and read again: %s", self._claimed.run_id, error)
            self._host.crashes.note(self._claimed.run_id, error)
            self._abandon(again=True)
        except BaseException as error:
            self._host.crashes.note(self._claimed.run_id, error)
            self._abandon(again=False)
            raise
        return None

    def abandon(self) -> None:
        """Drop the run as it is in memory; the store has the truth."""
        self._abandon(again=False)

    def save(self) -> None:
        """Commit from outside while our own thread hangs in a pure step, so that its death will count."""
        self._flush()

    def _take_want(self) -> bool:
        with self._mutex:
            go_on = self._is_wanted and not self._is_gone
            self._is_wanted = False
            self._is_driving = go_on
            return go_on

    def _turn(self) -> Stopped:
        """Apply inputs until nothing is left to apply, or the turn is over."""
        if not self._state.run and not self._state.is_over:
            self._apply(self._preparing.started())
        elif self._last_us == 0:
            self._take_over()
        until = time.perf_counter() + TURN_S
        while time.perf_counter() < until:
            if self._results:
                self._apply_next(goes_on=True)
            elif self._has_mail():
                self._read_inbox()
            elif can_go(self._state) and (self._to_start or not self._host.is_stopping):  # else it rests
                if self._is_strict and self._has_ended_step:
                    self._flush_behind()
                self._has_ended_step = True
                self._apply(GO)
            elif (stopped := self._block()) is not None:
                return stopped
            if self._flusher.is_due:
                self._flush_behind()
        return Stopped.TURN_OVER

    def _apply_next(self, *, goes_on: bool = False) -> None:
        """Apply what a step has come to; `goes_on`: and the next move with it, unless something comes before that."""
        given, kept = self._results.popleft()
        self._apply(given, goes_on=goes_on and type(given) is Result and self._is_next_a_move())
        if kept is not None:
            self._flusher.tell(kept)

    def _is_next_a_move(self) -> bool:
        is_busy = self._is_strict or self._results or self._has_mail()
        return not is_busy and (bool(self._to_start) or not self._host.is_stopping)

    def _apply(self, given: Input, *, goes_on: bool = False) -> None:
        at_us, state = max(self._now_us(), self._last_us + 1), self._state
        self._last_us = at_us
        if given is not GO and (self._outstanding or self._spending.told):  # a pure step has neither
            for activation in ends_of(given):
                self._outstanding.pop(activation, None)
                self._spending.end(activation)
        before_usd = state.used_cost_usd
        own = None
        if goes_on and isinstance(given, Result):
            facts, commands, own = move_on(self._plan, state, given, at_us)
        else:
            facts, commands = move(self._plan, state, given, at_us)
        if paid_usd := state.used_cost_usd - before_usd:
            self._spending.add(getattr(given, "activation", ""), paid_usd)
        self._flusher.gather(given, facts, commands, at_us, own)
        for command in commands:
            if isinstance(command, Execute):
                self._take_up(command)
            elif isinstance(command, Abort):
                self._abort(command.activation)

    def _take_up(self, command: Execute) -> None:
        work = self._work(command)
        # The loop's thread can't wait for the loop, as a pure function may have to that is no plain one.
        may_wait = work.kind.at_once is None and self._effects.is_here()
        if work.is_pure and not (self._is_careful or may_wait):
            self._results.append((self._effects.run_now(work), None))
        else:
            work.ctx.show = self._preparing.voice(command)
            self._to_start.append(work)

    def _abort(self, activation: str) -> None:
        """Nobody waits for this step any more; if its result is in already, it is told as a late one."""
        self._to_start = [work for work in self._to_start if work.command.activation != activation]
        begun = self._outstanding.pop(activation, None)
        self._spending.end(activation)
        if begun is not None:
            begun.cancel()

    def _has_mail(self) -> bool:
        return self._has_news or self._flusher.inbox_high > self._inbox_done

    def _read_inbox(self) -> None:
        self._has_news = False  # first: who knocks from here on is heard
        with self._host.rt.db.look() as hot:
            wishes = inbox.unread(hot, self._claimed.run_id, self._inbox_done)
        for id_, kind, body in wishes:
            is_end = not self._state.is_over
            self._apply(KINDS[kind](**body))
            self._inbox_done = id_
            if is_end and self._state.is_over:  # what comes after it in the inbox comes too late
                self._flusher.heeds_inbox = False
        self._flusher.inbox_high = self._inbox_done

    def _reopen(self) -> None:
        """The run's end was not made, for something has come before it: all else is decided as it was, then that is heard."""
        rt, run_id = self._host.rt, self._claimed.run_id
        ending = reopen(rt.db, self._plan, self._state, self._flusher, run_id)
        self._read_inbox()
        if not isinstance(ending, Go):
            self._results.appendleft((ending, None))

    def _block(self) -> Stopped | None:
        """Nothing can be applied: commit, start effects; None when that has brought something to apply."""
        if self._is_gone:  # who dropped it has forgotten what is under way: that must not look like a rest
            return Stopped.BLOCKED
        is_here, is_shared = self._effects.is_here(), self._host.is_shared()
        if is_here and not (is_shared or self._effects.is_idle):  # a step waits for this thread
            return Stopped.TURN_OVER
        releases = self._state.is_over or not (self._to_start or self._outstanding)
        if releases:
            reach(Point.BEFORE_RELEASE)
        try:
            if is_shared and self._hand_over(release=releases):
                return Stopped.HANDED_OVER
            self._flush(release=releases)
        except Unread:
            self._reopen()
            return None
        if not (is_here or is_shared) and self._effects.can_drive(self._to_start):
            self._effects.drive(partial(self._guarded, self._go_on_there))
            return Stopped.HANDED_OVER
        is_blocked = self._committed(releases=releases, patience_s=0 if is_here or is_shared else ANSWER_S)
        return Stopped.BLOCKED if is_blocked else None

    def _go_on_there(self) -> None:
        """In the loop's thread, which starts a step and has its result without a switch of threads."""
        if not self._is_gone:
            self._committed(releases=False)
            self._is_wanted = True
            self._go_on()

    def _committed(self, *, releases: bool, patience_s: float = 0) -> bool:
        """What was decided is on disk: it may be seen now. True when there is nothing to apply."""
        self._has_ended_step = False
        if releases:
            with self._mutex:  # who knocks before this is heard, who comes later is told
                self._is_gone = True
                is_wanted = self._has_mail() and not self._state.is_over
            self._host.crashes.forget(self._claimed.run_id)
            self._host.let_go(self._claimed.run_id, self, again=is_wanted)
            if self._state.is_over:
                self._host.freed(self._claimed.room_id)
            return True
        if self._to_start:
            self._news.clear()
            self._start_effects()
            if patience_s and not self._results:
                self._news.wait(patience_s)
        return not self._results and not self._has_mail()

    def _hand_over(self, *, release: bool) -> bool:
        """Have it committed together with what other runs have, while this thread drives those; False if there is nothing."""
        return self._flusher.hand_over(
            self._state,
            self._inbox_done,
            is_able=can_go(self._state),
            release=release,
            then=partial(self._answered, releases=release),
        )

    def _answered(self, is_well: bool, *, releases: bool) -> None:
        """Called by the committer: what was handed over is on disk, or is not. Others wait for its thread."""
        starts = self._host.may_start_effects() and not any(work.is_at_once for work in self._to_start)
        if is_well and (releases or starts):
            self._take_back(lambda: self._host.submit(self.run), releases=releases)
        else:
            self._host.submit(partial(self._take_back, self.run, releases=releases))

    def _take_back(self, go_on: Callable[[], None], *, releases: bool) -> None:
        if self._guarded(partial(self._is_wanted_after, releases=releases)):
            go_on()

    def _is_wanted_after(self, *, releases: bool) -> bool:
        """Whether there is more to do, after the answer to what was handed over."""
        try:
            self._flusher.settle()
        except Unread:
            self._reopen()
            with self._mutex:
                self._is_driving = False
            return True
        if self._is_gone and not releases:  # it was dropped meanwhile
            return False
        is_blocked = self._committed(releases=releases)
        with self._mutex:
            self._is_driving = False
            return (self._is_wanted or not is_blocked) and not self._is_gone

    def _flush(self, *, release: bool = False) -> None:
        """Commit what was decided; then, and only then, may the world see it."""
        self._flusher.flush(self._state, self._inbox_done, is_able=can_go(self._state), release=release)

    def _flush_behind(self) -> None:
        self._flusher.flush_behind(self._state, self._inbox_done, is_alone=not self._host.is_shared())
        self._has_ended_step = False

    def _start_effects(self) -> None:
        if not (self._host.may_start_effects() or self._host.has_kept(self._claimed)):
            raise CommitFailed("the lease could not be renewed")
        if self._to_start:
            reach(Point.AFTER_INTENT_COMMIT)
        starting, self._to_start = self._to_start, []
        for work in sorted(starting, key=lambda work: work.is_at_once):  # what others wait for comes last
            if self._is_gone:  # dropped while a step was executed here
                break
            if work.is_at_once:
                reach(Point.BEFORE_EFFECT)
                self._results.append((self._effects.run_now(work), None))
                reach(Point.AFTER_EFFECT)
            else:
                self._outstanding[work.command.activation] = self._effects.begin(work, self._done)
        if self._is_gone:
            self._stop_effects()

    def _work(self, command: Execute) -> Work:
        return self._preparing.work(command, self._last_us)

    def _done(self, given: Input, kept: Callable[[], None] | None = None) -> None:
        """A step has come to something; `kept` is called once it is on disk."""
        self._results.append((given, kept))
        self.knock()

    def _take_over(self) -> None:
        """What the last driver had begun to execute is nobody's now."""
        running = [token for token in self._state.tokens.values() if token.phase is Phase.RUNNING]
        if running:
            effects = {token.activation: self._plan.nodes[token.at].effect.value for token in running}
            self._apply(WorkerLost(effects, self._host.blame_for(self._claimed.last_owner)))

    def _abandon(self, *, again: bool) -> None:
        with self._mutex:
            self._is_gone = True
            self._is_driving = False
        self._stop_effects()
        if again:
            time.sleep(0.05)  # the database is away: don't hammer it
        self._host.let_go(self._claimed.run_id, self, again=again)

    def _stop_effects(self) -> None:
        for begun in list(self._outstanding.values()):
            begun.cancel()
        self._outstanding.clear()


GO = Go()
