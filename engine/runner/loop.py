"""The event loop on which steps wait for the world, and which sees at once whether they have to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context, copy_context
from functools import partial
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self._beginning: Context | None = None
        """Of the task that is being made; nothing but its first step is called in it."""
        self._first: Callable[[], object] | None = None

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task whose code until its first wait is executed now; in a callback of this loop, not within another task.

        asyncio's own eager tasks come with Python 3.12.
        """
        context = self._beginning = copy_context()
        task = self.create_task(coroutine, context=context)
        first, self._first = self._first, None
        if first is not None:
            with _running(self):
                context.run(first)
        return task

    def unseen(self) -> AbstractContextManager[None]:
        """In a callback of this loop: what is called in the block may have a loop of its own."""
        return _running(None)

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if context is None or context is not self._beginning:
            return super().call_soon(callback, *args, context=context)
        self._beginning, self._first = None, partial(callback, *args)
        return asyncio.Handle(callback, args, self, context)


@contextmanager
def _running(loop: asyncio.AbstractEventLoop | None) -> Iterator[None]:
    """For asyncio, this thread runs `loop`."""
    before = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(before)
