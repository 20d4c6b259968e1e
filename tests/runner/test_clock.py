"""The installation's clock: one for all its processes, whatever is done to the clock on the wall."""

import time
from contextlib import closing

import pytest

from engine.runtime import Clock
from engine.store import clock
from engine.store.database import Database
from tests.fixtures.runtimes import HOUR, SECOND

MINUTE = 60 * SECOND
"""More than a machine takes between two readings, much less than a clock is set by."""


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock on the wall is set an hour ahead."""
    wall = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall() + HOUR * 1000)


def test_a_process_started_after_the_clock_was_set_agrees_with_those_before(
    sqlite_url: str, request: pytest.FixtureRequest
) -> None:
    with closing(Database(sqlite_url)) as database:
        before, after = Clock(), Clock()
        before.agree(database)

        request.getfixturevalue("jump")
        after = Clock()
        assert after.now_us() - before.now_us() > HOUR / 2  # on its own it would believe the wall
        after.agree(database)

        assert abs(after.now_us() - before.now_us()) < MINUTE


def test_a_process_does_not_follow_a_clock_that_is_set_under_it(request: pytest.FixtureRequest) -> None:
    mine = Clock()
    before = mine.now_us()

    request.getfixturevalue("jump")

    assert 0 <= mine.now_us() - before < MINUTE


def test_all_machines_take_the_database_s_clock(database_url: str) -> None:
    with closing(Database(database_url)) as database, database.hot() as hot:
        first = clock.agree(hot, "one machine's boot")
        second = clock.agree(hot, "another machine's boot")
        again = clock.agree(hot, "one machine's boot")

    assert first == again
    assert abs(first - second) < MINUTE


def test_without_a_database_that_is_ready_a_process_keeps_its_own(tmp_path: object) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/empty.db")) as database:
        mine = Clock()
        mine.agree(database)

    assert abs(mine.now_us() - time.time_ns() // 1000) < MINUTE
