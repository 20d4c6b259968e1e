"""A connection to a Redis that may be dead: short timeouts, no retries, and a rest after each failure."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 0.5
ANSWER_TIMEOUT_S = 1.0
REST_S = 0.5
"""How long a dead Redis is left alone: what is asked meanwhile fails at once and costs nothing."""

T = TypeVar("T")


def pool(url: str, *, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> ConnectionPool:
    """Connections that fail fast and never repeat a command by themselves; none is opened yet."""
    return ConnectionPool.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=answer_timeout_s,
    )


class Link:
    """One process's short commands to Redis. `ask` never raises what Redis or the network did."""

    def __init__(self, url: str) -> None:
        self._redis = Redis(connection_pool=pool(url))
        self._rest_until = 0.0
        self._lock = threading.Lock()
        self._is_down = False
        self.failures = 0
        """Calls that Redis did not answer, those refused during a rest included."""

    def ask(self, call: Callable[[Redis], T]) -> T | None:
        """What `call` gives, or None when Redis is dead or was so a moment ago."""
        if time.monotonic() < self._rest_until:
            self._count()
            return None
        try:
            answer = call(self._redis)
        except (RedisError, OSError) as error:
            self._fail(error)
            return None
        self._is_down = False
        return answer

    def close(self) -> None:
        self._redis.close()
        self._redis.connection_pool.disconnect()

    def _count(self) -> None:
        with self._lock:
            self.failures += 1

    def _fail(self, error: Exception) -> None:
        self._rest_until = time.monotonic() + REST_S
        self._count()
        if not self._is_down:
            self._is_down = True
            log.warning("redis does not answer (%s); going on without it", error)
