"""An event loop that moves only when the simulation lets it: a step's own tasks run, and what it puts on record waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache, partial
from typing import Any

from engine.core.inputs import Asked, Execute, Progress, Result
from tests.simulation.scheduler import Scheduler

Done = Callable[..., None]


@cache
def loop() -> asyncio.AbstractEventLoop:
    """One for all steps of all processes: it never moves by itself."""
    return asyncio.new_event_loop()


class Recorder:
    """As engine.runner.notes: what is handed over outside of the loop, because a thread may rest there."""

    def __init__(self, command: Execute, done: Done, scheduler: Scheduler) -> None:
        self._command, self._done, self._scheduler = command, done, scheduler
        self._unsent: list[dict[str, Any]] = []
        self._sent = self._kept = 0
        self.waiting: list[asyncio.Future[None]] = []

    def add(self, note: dict[str, Any]) -> None:
        self._unsent.append(note)

    async def kept(self) -> None:
        if self._unsent or self._sent > self._kept:
            future: asyncio.Future[None] = loop().create_future()
            self.waiting.append(future)
            await future

    def send(self) -> None:
        notes, self._unsent = tuple(self._unsent), []
        if notes:
            self._sent += 1
            progress = Progress(self._command.activation, self._command.attempt, notes)
            self._done(progress, partial(self._heard, self._scheduler.current))

    def _heard(self, task: Any) -> None:
        self._kept += 1
        if task is not None:
            self._scheduler.wake(task)

    def rest(self, is_over: Callable[[], bool]) -> None:
        """Until all that was sent is on disk, or nobody waits for the step any more."""
        while self._sent > self._kept and not is_over():
            self._scheduler.park(self._scheduler.now_us + 50_000)
        if is_over():
            return
        for future in self.waiting:
            future.set_result(None)
        self.waiting = []


def stepped(
    coroutine: Coroutine[Any, Any, Result | Asked],
    recorder: Recorder,
    scheduler: Scheduler,
    is_over: Callable[[], bool],
    pause: Callable[[], None],
) -> Result | Asked | None:
    """What the step comes to; None when it was cancelled, or waits for the real world."""
    task = loop().create_task(coroutine)
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    try:
        while True:
            _spin(scheduler)
            recorder.send()
            if task.done():
                return task.result()
            if not recorder.waiting or is_over():
                return None
            recorder.rest(is_over)
            pause()
            if is_over():  # the real one is cancelled where it waits
                return None
    finally:
        if not task.done():
            task.cancel()
            _spin(scheduler)


def _spin(scheduler: Scheduler) -> None:
    """Let everything run that can; nobody else does meanwhile."""
    scheduler.atomic += 1
    try:
        while True:
            loop().call_soon(loop().stop)
            loop().run_forever()
            if not loop()._ready:  # type: ignore[attr-defined]
                return
    finally:
        scheduler.atomic -= 1
