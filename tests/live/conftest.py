"""A Redis of its own for a test that kills it, and the two ends that tests look at."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis

from engine.live.bell import Bell
from engine.live.embedded import EmbeddedRedis
from engine.live.feed import Feed


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def feed(redis_url: str) -> Iterator[Feed]:
    with closing(Feed(redis_url)) as feed:
        yield feed


@pytest.fixture
def bell(redis_url: str) -> Iterator[Bell]:
    with closing(Bell(redis_url, b"key")) as bell:
        yield bell


def wait_until(is_so: Callable[[], object], timeout_s: float = 20) -> None:
    until = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.005)
