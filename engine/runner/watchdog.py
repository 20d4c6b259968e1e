"""Notices when a step's code holds up its whole process, and ends the process so that others can go on.

A step that never returns blocks a driving thread, or the loop on which all others wait, while the heartbeat goes on:
without this its run would rest for ever. In a child process the same is the pool's to notice.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.core.errors import OpenRoomsError
from engine.runner.effects import Work
from engine.store import workers

if TYPE_CHECKING:
    from engine.runner.runner import Runner

log = logging.getLogger(__name__)

LOOK_S = 1.0
LAST_WILL_S = 2.0
STUCK = 70
"""The exit code of a worker that was held up: sysexits' "internal software error"."""


class Watchdog:
    """A thread that looks every second.

    It counts looks, not time: a process that was stopped as a whole, or a machine that slept, is not stuck.
    """

    def __init__(self, runner: Runner, end: Callable[[int], None] = os._exit) -> None:
        self._runner = runner
        self._end = end
        self._patience = round(runner.rt.settings.watchdog_s / LOOK_S)
        self._unanswered = 0
        self._seen: dict[int, tuple[Work, int]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            stuck = self._look()
            if stuck:
                self._give_up(stuck)
                return

    def _look(self) -> dict[int, Work | None]:
        """The threads that have been held up for too long, and by what."""
        effects = self._runner.effects
        now = effects.at_once()
        looks = {
            thread: (work, before[1] + 1 if (before := self._seen.get(thread)) and before[0] is work else 0)
            for thread, work in now.items()
        }
        self._seen = looks
        stuck: dict[int, Work | None] = {
            thread: work for thread, (work, seen) in looks.items() if seen >= self._patience
        }
        if self._unanswered >= self._patience:
            thread, work = effects.on_loop()
            stuck[thread] = work
        self._unanswered += 1
        effects.ping(self._answered)
        return stuck

    def _answered(self) -> None:
        self._unanswered = 0

    def _give_up(self, stuck: dict[int, Work | None]) -> None:
        frames = sys._current_frames()
        for thread, work in stuck.items():
            guilty = f"node {work.command.node} of run {work.ctx.run_id}" if work else "the event loop"
            where = "".join(traceback.format_stack(frames.get(thread)))
            log.critical("%s holds this worker up: it ends and is to be started again\n%s", guilty, where)
        will = threading.Thread(target=self._last_will, daemon=True)
        will.start()
        will.join(LAST_WILL_S)
        self._end(STUCK)

    def _last_will(self) -> None:
        """Put pure steps that hang on record, so that their death counts, and leave all runs to others at once."""
        try:
            for work, seen in self._seen.values():
                if seen >= self._patience:
                    self._runner.save(work.ctx.run_id)
        except Exception as error:  # noqa: BLE001 - the process ends anyway
            log.warning("what held the worker up could not be recorded: %s", error)
        try:
            with self._runner.rt.db.write() as session:
                workers.expire(session, worker_id=self._runner.worker_id)
        except OpenRoomsError:
            log.warning("the database is away: this worker's lease ends by itself")
