"""The event loop on which steps wait for the world. While its own thread sleeps another may take its turn, so that a step
which does not wait after all costs no switch of threads, and one that does goes on in the loop's own thread.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
import threading
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from functools import partial
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Selector(selectors.DefaultSelector):
    """Gives the turn away for as long as it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = threading.Lock()
        self.is_asleep = False
        """Whether the loop's thread waits for the turn or for the world; guarded by `turn`."""
        self.visits = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(timeout)
        visits, self.is_asleep = self.visits, True
        self.turn.release()
        try:
            events = super().select(timeout)
        finally:
            self.turn.acquire()
            self.is_asleep = False
        # A visitor may have closed what these are about. What still is so is told again, at once.
        return events if visits == self.visits else []


class Loop(asyncio.SelectorEventLoop):
    """Its methods are for whoever has the turn: its own callbacks and tasks, and a visitor."""

    def __init__(self) -> None:
        self._waits = _Selector()
        self._catches = False
        self._caught: Callable[[], object] | None = None
        self._hooks: Any = None
        self._visitor: int | None = None
        self._has_more = False
        """Whether something is to be done soon that was not when the last visit began."""
        self._alarms: list[asyncio.TimerHandle] = []
        """Set since the visit began."""
        super().__init__(self._waits)

    @property
    def visitor(self) -> int | None:
        """The thread that has taken the turn from the loop's own."""
        return self._visitor

    def run_forever(self) -> None:
        with self._waits.turn:
            self.call_soon(self._see_hooks)
            super().run_forever()

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task whose code until its first wait is executed now; not from within another task."""
        self._catches = True
        try:
            task = self.create_task(coroutine)
        finally:
            self._catches = False
        first, self._caught = self._caught, None
        if first is not None:
            first()
        return task

    def visit(self, do: Callable[[], object]) -> bool:
        """Have `do` called in this thread as if by the loop; False: it was not, for the loop has something to do."""
        if (
            self.get_debug() or asyncio._get_running_loop() is not None
        ):  # a loop in debug mode knows its thread
            return False
        if not self._waits.turn.acquire(blocking=False):
            return False
        has_more = False
        try:
            if not self._waits.is_asleep or self._hooks is None:
                return False
            has_more = True  # until it is known better
            has_more = self._visited(do)
            return True
        finally:
            self._waits.turn.release()
            if has_more:
                self.call_soon_threadsafe(_wake)

    def _visited(self, do: Callable[[], object]) -> bool:
        """Whether there is more to do, which the loop's thread does not know of."""
        self._waits.visits += 1
        own_hooks = sys.get_asyncgen_hooks()
        self._visitor, self._has_more = threading.get_ident(), False
        asyncio._set_running_loop(self)
        sys.set_asyncgen_hooks(*self._hooks)
        try:
            do()
        finally:
            sys.set_asyncgen_hooks(*own_hooks)
            asyncio._set_running_loop(None)
            self._visitor = None
            alarms, self._alarms = self._alarms, []
        return self._has_more or not all(alarm.cancelled() for alarm in alarms)

    def _see_hooks(self) -> None:
        self._hooks = sys.get_asyncgen_hooks()

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        if self._catches:
            run = (copy_context() if context is None else context).run  # an empty one is false
            self._caught = partial(run, callback, *args)
            return asyncio.Handle(callback, args, self, context)
        self._has_more = True
        return super().call_soon(callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        alarm = super().call_at(when, callback, *args, context=context)
        if self._visitor is not None:
            self._alarms.append(alarm)
        return alarm


def _wake() -> None:
    pass
