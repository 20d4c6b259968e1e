"""Counts what may happen so often and no oftener: in Redis for all processes, in this one alone while Redis is away."""

from __future__ import annotations

import asyncio
import time

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from engine.core.rates import Rate
from engine.live.link import Link

LEAST_S = 0.05
"""The shortest rest before the next try, so that a crowd that waits does not spin."""


class Rates:
    """Keeps `Rate`s; nothing is contacted before the first call."""

    def __init__(self, url: str) -> None:
        self._link = Link(url)
        storage = RedisStorage(_named(url), connection_pool=self._link.pool, key_prefix="openrooms:rate")
        self._shared = MovingWindowRateLimiter(storage)
        self._own = MovingWindowRateLimiter(MemoryStorage())

    async def take(self, rate: Rate, what: str) -> float:
        """Seconds to wait for the next free place; 0 when one was free, which is taken now."""
        return await asyncio.to_thread(self.take_now, rate, what)

    def take_now(self, rate: Rate, what: str) -> float:
        """As `take`, for threads that may block."""
        rest_s = self._link.ask(lambda _: _asked(self._shared, rate, what))
        return _asked(self._own, rate, what) if rest_s is None else rest_s

    def forget(self, rate: Rate, what: str) -> None:
        """What was counted so far counts no more."""
        item = _item(rate)
        self._link.ask(lambda _: self._shared.clear(item, what))
        self._own.clear(item, what)

    def close(self) -> None:
        self._link.close()


def _asked(limiter: MovingWindowRateLimiter, rate: Rate, what: str) -> float:
    item = _item(rate)
    if limiter.hit(item, what):
        return 0.0
    return max(LEAST_S, limiter.get_window_stats(item, what).reset_time - time.time())


def _item(rate: Rate) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(rate.times, rate.per_s)


def _named(url: str) -> str:
    """The address as `limits` names its kind; the connections are ours."""
    return url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url
