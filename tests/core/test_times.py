"""Times: whole microseconds inside, RFC 3339 outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.times import parse_rfc3339, rfc3339, rfc3339_or_none

FIRST_US = -62_135_596_800_000_000
LAST_US = 253_402_300_799_999_999


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00z", 0),
        ("1970-01-01 00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00.5Z", 500_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:30:00-00:30", 0),
        ("1970-01-01T00:00:00.123456789Z", 123_456),
        ("2024-02-29T12:00:00Z", 1_709_208_000_000_000),
        ("0001-01-01T00:00:00Z", FIRST_US),
        ("9999-12-31T23:59:59.999999Z", LAST_US),
    ],
)
def test_a_moment_is_read_with_its_zone(text: str, us: int) -> None:
    assert parse_rfc3339(text) == us


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2024-01-31",
        "2024-01-31T09:00Z",
        "2024-01-31T09:00:00",
        "2024-01-31T09:00:00+0100",
        "2024-01-31T09:00:00+25:00",
        "2024-01-31T24:00:01Z",
        "2024-01-31T09:00:60Z",
        "2024-13-01T09:00:00Z",
        "2023-02-29T09:00:00Z",
        "0000-01-01T00:00:00Z",
        "٢٠٢٤-01-31T09:00:00Z",
        " 2024-01-31T09:00:00Z",
        "2024-01-31T09:00:00Z\n",
        "2024-W05-3T09:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rfc3339(text)


def test_a_moment_outside_the_years_that_can_be_written_is_named() -> None:
    with pytest.raises(
        ValueError, match="'9999-12-31T23:59:59-00:01' lies outside the years 1 to 9999 of UTC"
    ):
        parse_rfc3339("9999-12-31T23:59:59-00:01")


@given(st.integers(FIRST_US, LAST_US))
def test_what_is_written_reads_back(us: int) -> None:
    text = rfc3339(us)

    assert parse_rfc3339(text) == us
    assert len(text) == len("2026-11-23T03:13:32.000001Z")


@given(
    st.text(max_size=40)
    | st.from_regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
)
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        us = parse_rfc3339(text)
    except ValueError:
        return
    assert FIRST_US <= us <= LAST_US


def test_no_moment_stays_none() -> None:
    assert rfc3339_or_none(None) is None
    assert rfc3339_or_none(0) == "1970-01-01T00:00:00.000000Z"
