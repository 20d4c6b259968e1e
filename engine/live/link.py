"""Connections to a Redis that may be dead: short timeouts, no retries, and a rest after each failure."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 0.5
ANSWER_TIMEOUT_S = 1.0
REST_S = 0.5
"""How long a dead Redis is left alone: what is asked meanwhile fails at once and costs nothing."""

LOG_EVERY_S = 10

T = TypeVar("T")


def open_pool(url: str, *, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> ConnectionPool:
    """Connections that fail fast and never repeat a command by themselves; none is opened yet."""
    return ConnectionPool.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=answer_timeout_s,
    )


def leave_replica(pool: ConnectionPool, error: Exception) -> None:
    """Connect anew if that is the matter: after a failover what is connected stays with a server that takes no writes."""
    if isinstance(error, ReadOnlyError):
        pool.disconnect(inuse_connections=False)


class Link:
    """One process's short commands to Redis. `ask` never raises what Redis or the network did."""

    def __init__(self, url: str) -> None:
        self.pool = open_pool(url)
        self._redis = Redis(connection_pool=self.pool)
        self._rest_until = 0.0
        self._lock = threading.Lock()
        self._next_log = 0.0
        self.failures = 0
        """What Redis did not take, what was not even tried during a rest included."""

    def ask(self, call: Callable[[Redis], T]) -> T | None:
        """What `call` gives, or None when Redis is dead or was so a moment ago."""
        if time.monotonic() < self._rest_until:
            self._add(1)
            return None
        try:
            return call(self._redis)
        except (RedisError, OSError) as error:
            self._rest_until = time.monotonic() + REST_S
            self.count(1, error)
            return None

    def count(self, failures: int, error: Exception) -> None:
        """Note what failed, in the log at most once in ten seconds."""
        self._add(failures)
        leave_replica(self.pool, error)
        if time.monotonic() >= self._next_log:
            self._next_log = time.monotonic() + LOG_EVERY_S
            log.warning("redis does not do what it is asked, going on without it: %s", error)

    def close(self) -> None:
        self._redis.close()
        self.pool.disconnect()

    def _add(self, failures: int) -> None:
        with self._lock:
            self.failures += failures
