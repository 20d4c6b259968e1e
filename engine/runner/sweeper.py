"""The permanent sweep: renews the lease, fires timers, and finds what bells have missed. Works with Redis dead."""

from __future__ import annotations

import logging
import random
import threading
from typing import TYPE_CHECKING

from engine.core.errors import OpenRoomsError
from engine.failpoints import Point, reach
from engine.store import claims, timers, workers

if TYPE_CHECKING:
    from engine.runner.runner import Runner

log = logging.getLogger(__name__)

SWEEP_S = 0.25
RENEW_US = 2_000_000


class Sweeper:
    """A thread that looks, every quarter of a second and when a timer is due, for what is to be done."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._renewed_us = 0
        self._lease_until_us = 0

    @property
    def has_lease(self) -> bool:
        """Whether this worker may still begin what can't be undone."""
        return self._runner.rt.now_us() < self._lease_until_us

    def start(self) -> None:
        self._lease_until_us = self._runner.rt.now_us() + workers.LEASE_US
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            pause_s = SWEEP_S
            try:
                pause_s = self._sweep()
            except OpenRoomsError as error:
                log.warning("sweep: %s", error)
            except Exception:
                log.exception("sweep")
            self._stop.wait(pause_s)

    def _sweep(self) -> float:
        """One round; seconds until the next."""
        rt = self._runner.rt
        now_us = rt.now_us()
        if now_us - self._renewed_us >= RENEW_US:
            self._renew(now_us)
        with rt.db.read() as session:
            due_us = timers.next_due_us(session)
            ready = claims.ready_run_ids(session, now_us)
            unread = claims.with_unread_inbox(session, self._runner.worker_id)
            mine = claims.owned_by(session, self._runner.worker_id)
            in_line = claims.rooms_in_line(session)
        if due_us is not None and due_us <= now_us:
            self._fire(now_us)
        if ready:
            self._ring(ready, now_us)
        for run_id in {*unread, *(run_id for run_id in mine if not self._runner.is_driving(run_id))}:
            self._local(run_id)
        for room_id in in_line:
            self._promote(room_id)
        rt.feed.heal()
        return self._pause(due_us)

    def _renew(self, now_us: int) -> None:
        until_us = now_us + workers.LEASE_US
        with self._runner.rt.db.write() as session:
            is_known = workers.renew(session, self._runner.worker_id, until_us)
        if not is_known:
            self._runner.register(until_us)
        self._renewed_us, self._lease_until_us = now_us, until_us

    def _fire(self, now_us: int) -> None:
        with self._runner.rt.db.write() as session:
            woken = timers.fire_due(session, now_us)
            reach(Point.IN_FIRE_TIMERS)
        reach(Point.AFTER_FIRE_TIMERS)
        for run_id in woken:
            self._local(run_id)

    def _ring(self, run_ids: list[str], now_us: int) -> None:
        """Ring again for runs whose bell was lost; drive them here if there is no bell."""
        with self._runner.rt.db.write() as session:
            claims.mark_kicked(session, run_ids, now_us)
        for run_id in run_ids:
            if not self._runner.rt.bell.ring(run_id):
                self._local(run_id)

    def _promote(self, room_id: str) -> None:
        with self._runner.rt.db.write() as session:
            run_id = claims.promote_next(session, room_id)
        if run_id is not None:
            self._local(run_id)

    def _local(self, run_id: str) -> None:
        self._runner.submit(lambda: self._runner.activate(run_id))

    def _pause(self, due_us: int | None) -> float:
        jitter_s = random.uniform(0.8, 1.2) * SWEEP_S  # noqa: S311 - spreads workers, guards nothing
        if due_us is None:
            return jitter_s
        until_due_s = (due_us - self._runner.rt.now_us()) / 1_000_000
        return max(0.001, min(jitter_s, until_due_s))
