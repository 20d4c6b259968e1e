"""Some hundred seeds of the whole: crashes, stalls, lost bells, a store that fails, people who steer. No promise breaks."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.campaign import told

SEEDS = 160
BATCHES = 8
ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_promise_is_kept_whatever_happens(batch: int) -> None:
    for seed in range(batch, SEEDS, BATCHES):
        story = told(seed)
        assert not story.faults, story


def test_a_seed_tells_one_story() -> None:
    first, second = told(7), told(7)

    assert first.trace == second.trace
    assert first.counts == second.counts


def test_it_does_so_in_another_process_whose_hashes_differ() -> None:
    code = "from tests.simulation.campaign import told; print(told(7).trace)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == told(7).trace


def test_a_failing_seed_says_how_to_repeat_it() -> None:
    story = told(7)
    story.faults.append("made up")

    assert "python -m tests.simulation --seeds 7:8" in str(story)
