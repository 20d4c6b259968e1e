"""A running step's notes on their way into its run's log: in order, and many with one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import orjson

from engine.core.inputs import Execute, Input, Progress
from engine.hiding import HIDDEN

GATHER_S = 0.001
"""How long a result waits for the intent that follows it, so that both share a commit."""


class Done(Protocol):
    """Takes what a step has come to; `kept` is called, in any thread, when it is on disk."""

    def __call__(self, given: Input, kept: Callable[[], None] | None = None) -> None: ...


class Notes:
    """Of one step, on the event loop that executes it."""

    def __init__(self, command: Execute, done: Done) -> None:
        self._command = command
        self._done = done
        self._loop = asyncio.get_running_loop()
        self._unsent: list[dict[str, Any]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last: asyncio.Future[None] | None = None
        """Done when all that was sent is on disk."""

    def add(self, note: dict[str, Any]) -> None:
        note.update(HIDDEN.loads(orjson.dumps(note)))  # the step goes on with what is on record
        self._unsent.append(note)
        if self._timer is None:
            self._timer = self._loop.call_later(GATHER_S, self.send)

    async def kept(self) -> None:
        self.send()
        if self._last is not None:
            await asyncio.shield(self._last)  # others may wait for it as well

    def send(self) -> None:
        """Hand over what is there."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._unsent:
            return
        notes, self._unsent = tuple(self._unsent), []
        self._last = self._loop.create_future()
        progress = Progress(self._command.activation, self._command.attempt, notes)
        self._done(progress, partial(self._tell, self._last))

    def _tell(self, last: asyncio.Future[None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(_resolve, last)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
