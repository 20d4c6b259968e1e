"""A worker is stopped past its lease, another takes its run, and the first wakes up: it can change nothing any more."""

import signal
import time

import pytest

from engine.core.run import RunStatus
from engine.failpoints import Point
from tests.crash.installation import Installation
from tests.crash.test_failpoints import Told, ended
from tests.crash.workflows import one_effect

pytestmark = pytest.mark.crash

LEASE_S = 6
LATE_S = 0.5
"""Time for the one that woke up to do harm."""


def wakes_up_late(place: Installation, crash_at: str, kind: str) -> Told:
    """The run of a worker that stops itself at that point and goes on after another has taken over."""
    first = place.worker(f"{crash_at}:stop")
    run = place.begin(one_effect(kind, after_ms=20))
    first.until_stopped()
    place.worker(replaces=first)  # ends the first one's lease at once, as if six seconds had passed
    place.over(run.id)
    seq = place.get(run.id).seq
    first.send(signal.SIGCONT)
    time.sleep(LATE_S)
    assert first.is_alive()
    assert place.get(run.id).seq == seq
    return ended(place, run.id)


@pytest.mark.parametrize(
    "crash_at", ["after_claim:1", "before_commit:2", "after_commit:1", "after_publish:1"]
)
def test_what_it_decided_before_counts_for_nothing(place: Installation, crash_at: str) -> None:
    told = wakes_up_late(place, crash_at, "external")

    assert told.status is RunStatus.COMPLETED


@pytest.mark.parametrize("point", [Point.AFTER_INTENT_COMMIT, Point.BEFORE_EFFECT, Point.AFTER_EFFECT])
def test_a_step_it_had_begun_is_told_as_repeated(place: Installation, point: Point) -> None:
    told = wakes_up_late(place, f"{point}:1", "external")

    assert told.status is RunStatus.COMPLETED
    assert told.consequences == ["it may have run twice"]
    assert 2 in told.took_effect


@pytest.mark.parametrize("point", [Point.AFTER_INTENT_COMMIT, Point.BEFORE_EFFECT, Point.AFTER_EFFECT])
def test_a_step_allowed_once_is_not_begun_by_both(place: Installation, point: Point) -> None:
    told = wakes_up_late(place, f"{point}:1", "once")

    assert "EFFECT_UNKNOWN" in told.types
    assert told.took_effect in ([], [1])


def test_stopped_inside_a_transaction_it_holds_its_runs_no_longer_than_its_lease(
    on_postgres: Installation,
) -> None:
    place = on_postgres
    first = place.worker("in_commit:2:stop")
    run = place.begin(one_effect())
    first.until_stopped()
    place.worker()

    told = ended(place, run.id, within_s=3 * LEASE_S)

    first.send(signal.SIGCONT)
    assert told.status is RunStatus.COMPLETED
