"""A step's time limit, whose clock stands still while the step waits for a child process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

_limit: ContextVar[asyncio.Timeout | None] = ContextVar("limit", default=None)


class TooLong(Exception):
    """The step's own time is over."""


@asynccontextmanager
async def in_time(timeout_s: float | None) -> AsyncIterator[None]:
    """
    Raises:
        TooLong: after `timeout_s` seconds; a TimeoutError from inside stays what it is.
    """
    try:
        async with asyncio.timeout(timeout_s) as limit:
            token = _limit.set(limit)
            try:
                yield
            finally:
                _limit.reset(token)
    except TimeoutError:
        if limit.expired():
            raise TooLong from None
        raise


@contextmanager
def standing_still() -> Iterator[None]:
    """Time that passes in this block is nobody's fault and does not count."""
    limit = _limit.get()
    until = limit.when() if limit else None
    if limit is None or until is None:
        yield
        return
    loop = asyncio.get_running_loop()
    left_s = until - loop.time()
    limit.reschedule(None)
    try:
        yield
    finally:
        limit.reschedule(loop.time() + left_s)
