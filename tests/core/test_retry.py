"""How long a step rests between its attempts."""

import pytest

from engine.core.document import Retry
from engine.core.retry import delay_us


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (7, 30), (99, 30), (5000, 30)]
)
def test_the_rest_doubles_up_to_its_cap(failures: int, seconds: float) -> None:
    assert delay_us(Retry(max_attempts=100, initial_delay_s=1, multiplier=2, max_delay_s=30), failures) == (
        seconds * 1_000_000
    )


def test_a_rest_is_whole_microseconds() -> None:
    assert delay_us(Retry(initial_delay_s=0.1, multiplier=1.5, max_delay_s=60), 2) == 150_000
    assert delay_us(Retry(initial_delay_s=1e-9), 1) == 0


def test_a_first_rest_longer_than_the_cap_is_the_cap() -> None:
    assert delay_us(Retry(initial_delay_s=90, max_delay_s=60), 1) == 60_000_000


def test_a_rest_can_shrink() -> None:
    assert delay_us(Retry(initial_delay_s=8, multiplier=0.5), 4) == 1_000_000


@pytest.mark.parametrize("failures", [1, 2, 99])
def test_no_rest_stays_no_rest_however_often(failures: int) -> None:
    assert delay_us(Retry(initial_delay_s=0, multiplier=100, max_delay_s=60), failures) == 0


def test_a_rest_too_long_for_a_number_is_the_cap() -> None:
    assert delay_us(Retry(initial_delay_s=1, multiplier=100, max_delay_s=60), 10_000) == 60_000_000
