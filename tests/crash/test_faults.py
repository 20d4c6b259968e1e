"""The harness bites: workers with a fault break a promise, and it is seen."""

from typing import Any

import pytest

from engine.failpoints import Point
from tests.crash import faults
from tests.crash.faults import FAULTS
from tests.crash.installation import Installation
from tests.crash.test_failpoints import dies_then_goes_on
from tests.crash.workflows import one_effect, with_waits

pytestmark = pytest.mark.crash

SEEN: dict[str, tuple[Point, dict[str, Any], str]] = {
    "effect_before_intent": (Point.BEFORE_COMMIT, one_effect(), "one attempt takes effect once"),
    "no_sweep_for_lost_bells": (Point.AFTER_POP, one_effect(), "stays QUEUED"),
    "orphans_are_not_taken_up": (Point.AFTER_INTENT_COMMIT, one_effect(), "stays RUNNING"),
    "every_effect_may_be_repeated": (Point.AFTER_EFFECT, one_effect("once"), "at most once"),
    "a_key_for_each_attempt": (Point.AFTER_EFFECT, one_effect(), "every attempt carries the same key"),
    "timers_fire_in_two_transactions": (Point.IN_FIRE_TIMERS, with_waits(), "stays WAITING"),
    "memory_is_not_kept": (Point.AFTER_CLAIM, with_waits(), "memory is the fold of its events"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_protocol_is_seen(on_sqlite: Installation, fault: str) -> None:
    on_sqlite.extra[faults.NAME] = fault
    crash_at, document, told = SEEN[fault]
    patience_s = 4 if told.startswith("stays") else 30

    with pytest.raises(AssertionError, match=told):
        dies_then_goes_on(on_sqlite, crash_at, document, within_s=patience_s)
