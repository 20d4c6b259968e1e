"""Where a process can be told to die."""

import subprocess
import sys
import timeit

import pytest

from engine import failpoints
from engine.failpoints import BadFailpoint, Point, reach


def died(spec: str, passages: int) -> int:
    """How a process ends that passes a point so often."""
    code = f"""if True:
        from engine.failpoints import Point, arm, reach
        arm({spec!r})
        for _ in range({passages}):
            reach(Point.AFTER_CLAIM)
    """
    return subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_a_process_dies_at_the_passage_named_and_not_before() -> None:
    assert died("before_commit, after_claim:3", 3) == -9
    assert died("after_claim:3", 2) == 0
    assert died("", 2) == 0


@pytest.mark.parametrize(
    "spec", ["nowhere", "after_claim:0", "after_claim:x", "after_claim:1:pause", "a:1:2:3"]
)
def test_a_point_that_does_not_exist_is_refused_with_the_names(spec: str) -> None:
    with pytest.raises(BadFailpoint, match="after_claim, before_commit"):
        failpoints.arm(spec)


def test_points_cost_next_to_nothing_when_off() -> None:
    failpoints.arm("")
    passages = 100_000

    took_s = min(timeit.repeat(lambda: reach(Point.AFTER_COMMIT), number=passages, repeat=5))

    assert took_s / passages < 1e-6
