"""A Redis of its own for a test that kills it, and the two ends that tests look at."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.client import PubSub

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


def listen(watcher: PubSub, *channels: str) -> None:
    """Hear these from now on: what is sent on another connection meanwhile may be there before the wish is."""
    watcher.subscribe(*channels)
    for _ in channels:
        answer = watcher.get_message(timeout=20)
        assert answer is not None
        assert answer["type"] == "subscribe"


def heard_by(watcher: PubSub) -> list[dict[str, Any]]:
    """What has been sent to it, once it has an answer to a ping that was sent after all of that."""
    heard: list[dict[str, Any]] = []
    watcher.ping()
    while (message := watcher.get_message(timeout=20)) is None or message["type"] != "pong":
        assert message is not None
        heard.append(message)
    return heard


def wait_until(is_so: Callable[[], object], timeout_s: float = 20) -> None:
    until = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.005)
