"""The simulation can fail: each guard of the protocol taken away is noticed, within some hundred seeds."""

from contextlib import contextmanager

import pytest

from tests.simulation.bites import BITES, state_kept_by_the_worker
from tests.simulation.campaign import Story, told

SEEDS = 500
FOUND_AT = {
    "no_fence_check": 116,
    "no_seq_check": 3,
    "result_without_intent": 101,
    "non_atomic_timer": 111,
    "no_look_for_orphans": 10,
    "dropped_wake_up": 57,
    "forgotten_request_ids": 81,
    "commit_after_effect_only": 18,
    "bodies_repeated_silently": 19,
}
"""Where the search begins, to be quick: the seeds at which each was first noticed. Others take its place as code moves."""


@pytest.mark.parametrize("name", BITES)
@pytest.mark.timeout(600)
def test_a_missing_guard_is_noticed(name: str) -> None:
    seeds = (FOUND_AT.get(name, 0) + number for number in range(SEEDS))
    assert any(_is_noticed(_bitten(name, seed)) for seed in seeds)


def test_what_one_guard_lets_through_the_others_hold() -> None:
    """A worker that trusts what it remembers of a run is stopped by the log's end and by its key."""
    for seed in range(10):
        with contextmanager(state_kept_by_the_worker)():
            story = told(seed)
        assert not story.faults, story


def _is_noticed(story: Story) -> bool:
    """By a promise that was broken, not because the fault itself no longer fits the code."""
    return any(not fault.startswith(("logged:", "the simulation broke")) for fault in story.faults)


def _bitten(name: str, seed: int) -> Story:
    with BITES[name]():
        return told(seed)
