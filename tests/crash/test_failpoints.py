"""Each row of the crash matrix, repeatable: a process dies at one named point, and what comes after is as promised."""

from dataclasses import dataclass
from typing import Any

import pytest

from engine.core.run import RunStatus
from engine.failpoints import Point
from tests.crash import workflows
from tests.crash.checker import Findings, check
from tests.crash.installation import Installation
from tests.crash.nursery import Child
from tests.crash.workflows import one_effect, with_fork, with_loop, with_retries, with_waits

pytestmark = pytest.mark.crash

TWICE, REPEATED = "it may have run twice", "it is repeated"


@dataclass
class Told:
    """How a run went on after a death."""

    status: RunStatus
    took_effect: list[int]
    """The attempts whose effect took place, in order."""
    consequences: list[str]
    types: list[str]
    findings: Findings


def ended(place: Installation, run_id: str, within_s: float = 20) -> Told:
    run = place.over(run_id, within_s)
    findings = check(place.rt, [run_id], place.took_effect(run_id))
    assert not findings.violations, str(findings)
    attempts = [entry.attempt for entry in place.took_effect(run_id)]
    events = place.events(run_id)
    lost = [event["data"]["consequence"] for event in events if event["type"] == "WORKER_LOST"]
    return Told(run.status, attempts, lost, [event["type"] for event in events], findings)


def dies_then_goes_on(
    place: Installation, crash_at: str, document: dict[str, Any], within_s: float = 20
) -> Told:
    """A run whose first worker dies at that point; a second one takes its place, as under `up`."""
    first = place.worker(crash_at)
    run = place.begin(document)
    place.dies(first)
    place.worker(replaces=first)
    return ended(place, run.id, within_s)


def test_an_undisturbed_run_keeps_every_promise(place: Installation) -> None:
    place.worker()
    begun = {name: place.begin(make()) for name, make in workflows.ALL.items()}
    place.signal(begun["signal"].room_id, "go")
    assert {ended(place, run.id).status for run in begun.values()} == {RunStatus.COMPLETED}


@pytest.mark.parametrize("point", [Point.AFTER_POP, Point.AFTER_CLAIM, Point.BEFORE_COMMIT, Point.IN_COMMIT])
def test_what_was_not_committed_is_done_again_and_nothing_is_seen_of_it(
    place: Installation, point: Point
) -> None:
    told = dies_then_goes_on(place, point, one_effect())

    assert (told.status, told.took_effect, told.consequences) == (RunStatus.COMPLETED, [1], [])


@pytest.mark.parametrize("crash_at", ["before_commit", "in_commit", "before_commit:2", "after_commit"])
def test_a_pure_stretch_is_computed_again_identically(place: Installation, crash_at: str) -> None:
    told = dies_then_goes_on(place, crash_at, with_loop())

    assert told.status is RunStatus.COMPLETED
    assert told.types.count("MEMORY_UPDATED") == 40


@pytest.mark.parametrize("point", [Point.AFTER_INTENT_COMMIT, Point.BEFORE_EFFECT])
def test_between_intent_and_effect_the_step_gets_a_second_attempt(place: Installation, point: Point) -> None:
    told = dies_then_goes_on(place, point, one_effect())

    assert (told.status, told.took_effect, told.consequences) == (RunStatus.COMPLETED, [2], [TWICE])


@pytest.mark.parametrize(("kind", "consequence"), [("external", TWICE), ("idempotent", REPEATED)])
def test_an_effect_without_record_is_repeated_with_the_same_key(
    place: Installation, kind: str, consequence: str
) -> None:
    told = dies_then_goes_on(place, Point.AFTER_EFFECT, one_effect(kind))

    assert (told.status, told.took_effect, told.consequences) == (RunStatus.COMPLETED, [1, 2], [consequence])
    assert told.findings.counts["repeated_effects"] == 1


@pytest.mark.parametrize(
    ("point", "took_effect"), [(Point.AFTER_INTENT_COMMIT, []), (Point.AFTER_EFFECT, [1])]
)
def test_an_effect_allowed_once_is_never_repeated(
    place: Installation, point: Point, took_effect: list[int]
) -> None:
    told = dies_then_goes_on(place, point, one_effect("once"))

    assert (told.status, told.took_effect) == (RunStatus.COMPLETED, took_effect)
    assert told.types.count("EFFECT_UNKNOWN") == told.types.count("NODE_FAILED") == 1


@pytest.mark.parametrize("crash_at", ["after_commit:2", "after_publish", "before_release"])
def test_what_was_committed_stays(place: Installation, crash_at: str) -> None:
    told = dies_then_goes_on(place, crash_at, with_waits())

    assert (told.status, told.types.count("WAIT_ENDED")) == (RunStatus.COMPLETED, 1)


@pytest.mark.parametrize("point", [Point.IN_FIRE_TIMERS, Point.AFTER_FIRE_TIMERS])
def test_a_timer_fires_once(place: Installation, point: Point) -> None:
    waits = dies_then_goes_on(place, point, with_waits())
    assert (waits.status, waits.types.count("WAIT_ENDED")) == (RunStatus.COMPLETED, 1)


def test_retries_go_on_counting_after_a_death(place: Installation) -> None:
    told = dies_then_goes_on(place, "in_fire_timers:2", with_retries())

    assert (told.status, told.took_effect) == (RunStatus.COMPLETED, [1, 2, 3])


@pytest.mark.parametrize("point", [Point.IN_COMMIT, Point.AFTER_COMMIT, Point.BEFORE_RELEASE])
def test_a_fork_outlives_a_death_at_each_of_its_commits(place: Installation, point: Point) -> None:
    """Two workers in a row die, each some commits further."""
    document = with_fork()
    worker: Child | None = None
    run = place.begin(document)
    for passage in (2, 3):
        worker = place.worker(f"{point}:{passage}", replaces=worker)
        place.dies_unless_over(worker, run.id)
    place.worker(replaces=worker)

    told = ended(place, run.id)
    assert (told.status, told.types.count("BRANCH_JOINED")) == (RunStatus.COMPLETED, 1)
