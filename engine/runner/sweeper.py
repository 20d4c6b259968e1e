"""The permanent sweep: fires timers and finds what bells have missed. Works with Redis dead."""

from __future__ import annotations

import logging
import random
import threading
from typing import TYPE_CHECKING

from engine.core.errors import OpenRoomsError
from engine.failpoints import Point, reach
from engine.runner import firing
from engine.runner.clearing import CLEARED_AT_ONCE, clear_away
from engine.store import claims, memory, notices, schedules, subscriptions, timers
from engine.unrepeated import Unrepeated

if TYPE_CHECKING:
    from engine.runner.outbox import Heard
    from engine.runner.runner import Runner

log = logging.getLogger(__name__)
log.addFilter(Unrepeated())

SWEEP_S = 0.25
LOCKED_US = 50_000
PURGE_US = 30_000_000
"""Between two looks for memory whose time is up; nobody sees it any more, so there is no hurry."""
NEVER_US = 2**63


class Sweeper:
    """A thread that looks, every quarter of a second and when a timer is due, for what is to be done."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._wake = threading.Event()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._mutex = threading.Lock()
        self._next_us = 0
        self._purge_us = 0
        self._soonest_us = NEVER_US
        """The first of the timers set since this round has looked at them."""
        self._lines: set[str] = set()
        """Rooms whose run stood in line: others may stand there yet."""

    def start(self) -> None:
        """Who has subscribed by now is told from this worker's first commit on."""
        with self._runner.rt.db.look() as hot:
            self._runner.committer.outbox.learn(subscriptions.heard(hot))
        self._thread.start()

    def stop(self) -> None:
        self._is_stopping = True
        self._wake.set()
        self._thread.join(5)

    def expect(self, due_us: int) -> None:
        """A timer was set: be there when it is due, though it be before the next round."""
        with self._mutex:
            self._soonest_us = min(self._soonest_us, due_us)
            if due_us < self._next_us:
                self._wake.set()

    def freed(self, room_id: str) -> None:
        """A run of the room is over: the next one in its line need not wait for the next round."""
        if room_id in self._lines:
            self._lines.discard(room_id)
            self._wake.set()

    def _run(self) -> None:
        while not self._is_stopping:
            pause_s = SWEEP_S
            try:
                pause_s = self._sweep()
            except OpenRoomsError as error:
                log.warning("sweep: %s", error)
            except Exception:
                log.exception("sweep")
            self._wake.wait(pause_s)

    def _sweep(self) -> float:
        """One round; seconds until the next."""
        with self._mutex:
            self._wake.clear()
            self._soonest_us = NEVER_US
        driven = self._runner.driven()
        rt, me = self._runner.rt, self._runner.worker_id
        now_us = rt.now_us()
        with rt.db.look() as hot:
            due_us = timers.next_due_us(hot)
            schedule_us = schedules.next_due_us(hot)
            waiting = claims.waiting_for_a_driver(hot, now_us)
            mine = claims.owned_by(hot, me)
            in_line = claims.rooms_in_line(hot)
            heard = subscriptions.heard(hot)
            has_notices = bool(heard) and notices.is_due(hot, now_us)
        self._tell(heard, has_notices)
        if due_us is not None and due_us <= now_us:
            due_us = self._fire(now_us)
        if schedule_us is not None and schedule_us <= now_us:
            schedule_us = self._fire_schedules(now_us)
        if waiting:
            self._ring(waiting, now_us)
        for run_id, has_news in mine:
            if has_news or not self._runner.is_driving(run_id):
                self._local(run_id)
        for lost in driven.keys() - {run_id for run_id, _ in mine}:
            driven[lost].abandon()  # others have taken it over: stop its steps, and hear its bells again
        for room_id in in_line:
            self._promote(room_id)
        self._purge(now_us)
        rt.feed.heal()
        return self._pause(min(NEVER_US if due_us is None else due_us, schedule_us or NEVER_US))

    def _fire(self, now_us: int) -> int | None:
        """Fire what is due; when the next is."""
        with self._runner.rt.db.hot() as hot:
            woken = timers.fire_due(hot, now_us)
            following_us = timers.next_due_us(hot)
            reach(Point.IN_FIRE_TIMERS)
        reach(Point.AFTER_FIRE_TIMERS)
        for run_id, owner in woken:
            if owner in (None, self._runner.worker_id):
                self._local(run_id)
            else:
                self._runner.rt.feed.control(owner, {"run": run_id})
        if not woken:  # due, but somebody holds their runs' rows: don't hammer them
            return now_us + LOCKED_US
        return following_us

    def _fire_schedules(self, now_us: int) -> int | None:
        """Begin the runs of schedules that are due; when the next is."""
        for run_id, owner, _ in firing.fire_due(self._runner.rt, now_us):
            if owner not in (None, self._runner.worker_id):
                self._runner.rt.feed.control(owner, {"run": run_id})
            elif not self._runner.rt.bell.ring(run_id):
                self._local(run_id)
        with self._runner.rt.db.look() as hot:
            following_us = schedules.next_due_us(hot)
        return following_us and max(following_us, now_us + LOCKED_US)

    def _tell(self, heard: Heard, has_notices: bool) -> None:
        """Pass on who has subscribed to what, and that there is something to send."""
        self._runner.committer.outbox.learn(heard)
        if has_notices:
            self._runner.messenger.wake()

    def _ring(self, run_ids: list[str], now_us: int) -> None:
        """Ring again for runs whose bell was lost; drive them here if there is no bell."""
        with self._runner.rt.db.hot() as hot:
            claims.mark_kicked(hot, run_ids, now_us)
        for run_id in run_ids:
            if not self._runner.rt.bell.ring(run_id):
                self._local(run_id)

    def _promote(self, room_id: str) -> None:
        with self._runner.rt.db.hot() as hot:
            run_id = claims.promote_next(hot, room_id)
        if run_id is not None:
            self._lines.add(room_id)
            self._local(run_id)

    def _purge(self, now_us: int) -> None:
        if now_us < self._purge_us:
            return
        self._purge_us = now_us + PURGE_US
        rt = self._runner.rt
        with rt.db.look() as hot:
            has_expired = memory.has_expired(hot, now_us)
        if has_expired:
            with rt.db.hot() as hot:
                is_more = memory.purge(hot, now_us) == memory.PURGED_AT_ONCE
            self._purge_us = now_us if is_more else self._purge_us
        if clear_away(rt, now_us) == CLEARED_AT_ONCE:
            self._purge_us = now_us

    def _local(self, run_id: str) -> None:
        self._runner.submit(lambda: self._runner.activate(run_id))

    def _pause(self, due_us: int) -> float:
        now_us = self._runner.rt.now_us()
        jitter_s = random.uniform(0.8, 1.2) * SWEEP_S  # noqa: S311 - spreads workers, guards nothing
        with self._mutex:
            due_us = min(self._soonest_us, due_us)
            pause_s = max(0.001, min(jitter_s, (due_us - now_us) / 1_000_000))
            self._next_us = now_us + round(pause_s * 1_000_000)
        return pause_s
