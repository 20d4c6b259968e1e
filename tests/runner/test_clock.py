"""The installation's clock: one for all its processes, whatever is done to the clock on the wall."""

import time
from contextlib import closing

import pytest

from engine.runner.lease import Lease
from engine.runtime import Clock
from engine.services import upkeep
from engine.store import clock, workers
from engine.store.database import Database
from tests.fixtures.runtimes import HOUR, SECOND, MovableRuntime

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


@pytest.mark.parametrize("is_at_work", [True, False])
def test_an_installation_that_is_started_again_follows_the_wall_s_clock(
    sqlite_rt: MovableRuntime, request: pytest.FixtureRequest, is_at_work: bool
) -> None:
    """As after a night in which a virtual machine slept with its host."""
    sqlite_rt.clock.agree(sqlite_rt.db)
    if is_at_work:
        Lease(sqlite_rt, "me", 1)._register(sqlite_rt.now_us() + workers.LEASE_US)
    before, started = sqlite_rt.now_us(), Clock()
    request.getfixturevalue("jump")
    upkeep.set_clock(sqlite_rt)
    started.agree(sqlite_rt.db)

    assert (started.now_us() - before > HOUR / 2) is not is_at_work


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
