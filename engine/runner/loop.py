"""The event loop on which steps wait for the world, and which sees at once whether they have to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from functools import partial
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self._catches = False
        self._caught: Callable[[], object] | None = None

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task whose code until its first wait is executed now; in a callback of this loop, not within another task.

        asyncio's own eager tasks come with Python 3.12.
        """
        self._catches = True
        try:
            task = self.create_task(coroutine)
        finally:
            self._catches = False
        first, self._caught = self._caught, None
        if first is not None:
            first()
        return task

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if not self._catches:
            return super().call_soon(callback, *args, context=context)
        run = (copy_context() if context is None else context).run  # an empty one is false
        self._caught = partial(run, callback, *args)
        return asyncio.Handle(callback, args, self, context)
