"""How long a step rests between its attempts."""

import pytest

from engine.core.document import Retry
from engine.core.retry import MOST_ASKED_S, delay_us, retry_after_s


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


@pytest.mark.parametrize(
    ("asked_s", "seconds"), [(0, 2), (1, 2), (2.5, 2.5), (100, 100), (1e9, MOST_ASKED_S)]
)
def test_a_rest_is_never_shorter_than_was_asked_for_but_has_an_end(asked_s: float, seconds: float) -> None:
    retry = Retry(max_attempts=3, initial_delay_s=2, max_delay_s=30)

    assert delay_us(retry, 1, asked_s=asked_s) == seconds * 1_000_000


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon", "date": "Wed, 25 Nov 2026 10:00:00 GMT"}, None),
        ({"retry-after": "Wed, 25 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "Wed, 25 Nov 2026 10:00:30 GMT", "date": "Wed, 25 Nov 2026 10:00:00 GMT"}, 30),
        ({"retry-after": "Wed, 25 Nov 2026 09:00:00 -0000", "date": "Wed, 25 Nov 2026 10:00:00 GMT"}, 0),
    ],
)
def test_what_a_server_asks_for_is_read_by_its_own_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_s(headers) == seconds
