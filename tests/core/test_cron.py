"""Cron expressions as wall time of a zone: gaps, overlaps, what is missed and what is merely late."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.cron import Cron, cron
from engine.core.errors import InvalidInput
from engine.core.schedule import GRACE_US, MOST_CAUGHT_UP, Decision, decide
from engine.core.times import parse_rfc3339, rfc3339

BERLIN = "Europe/Berlin"
SECOND = 1_000_000


def at(text: str) -> int:
    return parse_rfc3339(text)


def next_of(expression: str, zone: str, after: str, count: int) -> list[str]:
    return [rfc3339(us)[5:19] for us in cron(expression, zone).following(at(after), count)]


def test_nine_in_berlin_stays_nine_in_berlin() -> None:
    assert next_of("0 9 * * MON-FRI", BERLIN, "2026-03-26T12:00:00Z", 3) == [
        "03-27T08:00:00", "03-30T07:00:00", "03-31T07:00:00",
    ]  # fmt: skip
    assert next_of("*/20 * * * * *", "UTC", "2026-01-01T00:00:01.5Z", 3) == [
        "01-01T00:00:20", "01-01T00:00:40", "01-01T00:01:00",
    ]  # fmt: skip
    assert next_of("@daily", "UTC", "2026-12-31T00:00:00Z", 1) == ["01-01T00:00:00"]


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("30 2 * * *", ["03-28T01:30:00", "03-29T01:00:00", "03-30T00:30:00"]),
        ("0,30 2 * * *", ["03-28T01:00:00", "03-28T01:30:00", "03-29T01:00:00", "03-30T00:00:00"]),
        ("15 30 2 * * *", ["03-28T01:30:15", "03-29T01:00:00", "03-30T00:30:15"]),
        ("*/30 2 * * *", ["03-28T01:00:00", "03-28T01:30:00", "03-30T00:00:00"]),
    ],
)
def test_a_time_that_a_gap_leaves_out_comes_right_after_it(expression: str, times: list[str]) -> None:
    assert next_of(expression, BERLIN, "2026-03-28T00:00:00Z", len(times)) == times


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("30 2 * * *", ["10-25T00:30:00", "10-26T01:30:00"]),
        ("0 30 2 * * *", ["10-25T00:30:00", "10-26T01:30:00"]),
        ("*/30 2 * * *", ["10-25T00:00:00", "10-25T00:30:00", "10-25T01:00:00", "10-25T01:30:00"]),
        ("0 * * * *", ["10-24T23:00:00", "10-25T00:00:00", "10-25T01:00:00", "10-25T02:00:00"]),
    ],
)
def test_a_time_that_an_overlap_repeats_comes_once_unless_it_has_a_star(
    expression: str, times: list[str]
) -> None:
    assert next_of(expression, BERLIN, "2026-10-24T22:00:00Z", len(times)) == times


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        (BERLIN, "2026-03-29T01:00:00Z"),
        (BERLIN, "2026-10-25T01:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),  # by half an hour
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("America/Havana", "2026-11-01T05:00:00Z"),  # at midnight
        ("Asia/Pyongyang", "2015-08-14T15:00:00Z"),
    ],
)
@pytest.mark.parametrize("hour", [0, 2, 23])
def test_with_a_star_it_is_due_whenever_the_zone_s_clocks_show_it(zone: str, changes: str, hour: int) -> None:
    begin, minute = at(changes) - 3 * 3600 * SECOND, timedelta(minutes=1)
    clock = [datetime.fromtimestamp(begin // SECOND, UTC) + number * minute for number in range(1, 48 * 60)]
    shown = [moment for moment in clock if moment.astimezone(ZoneInfo(zone)).hour == hour]

    assert cron(f"* {hour} * * *", zone).between(begin, begin + 48 * 3600 * SECOND - 1, 10_000) == [
        int(moment.timestamp()) * SECOND for moment in shown
    ]


def test_whoever_is_asked_inside_an_overlap_gives_the_same_times() -> None:
    daily = cron("30 2 * * *", BERLIN)
    for minute in range(0, 180, 7):
        after = at("2026-10-25T00:30:00Z") + minute * 60 * SECOND
        assert daily.after(after) == at("2026-10-26T01:30:00Z")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        ["*/7 * * * *", "15 2 * * *", "0 */3 * * *", "5,35 1-3 * * *", "10 0 0 1 * *", "0 3 * * SUN"]
    ),
    st.sampled_from([BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
    st.integers(at("2025-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")),
)
def test_times_rise_and_each_follows_from_the_one_before(expression: str, zone: str, us: int) -> None:
    times = cron(expression, zone)
    found = times.following(us, 12)

    assert us < found[0]
    assert found == sorted(set(found))
    assert all(times.after(one) == two for one, two in pairwise(found))
    assert times.between(us, found[-1], 100) == found
    assert times.between(us, found[-1], 3) == found[-3:]


@pytest.mark.parametrize(
    "expression",
    ["", "x", "* * *", "60 * * * *", "0 0 30 2 *", "0 0 * * ²L", "* * * * * * *", "@reboot", "1/0 * * * *"],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(InvalidInput, match="no cron expression"):
        cron(expression, "UTC")


@pytest.mark.parametrize("zone", ["", "Nowhere", "../etc/passwd", "Europe", "/etc/localtime", "a\0b"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        cron("0 9 * * *", zone)


def test_what_was_missed_is_made_up_for_as_the_policy_says() -> None:
    times = Cron("* * * * * *", "UTC")
    now = at("2026-01-01T12:00:00Z")
    late, missed, long_ago = now - GRACE_US, now - GRACE_US - SECOND, now - 3600 * SECOND

    assert decide(times, "skip", late, now) == Decision(True, late + SECOND)
    assert decide(times, "skip", missed, now) == Decision(False, now + SECOND)
    assert decide(times, "one", missed, now) == Decision(True, now + SECOND)
    assert decide(times, "all", missed, now) == Decision(True, missed + SECOND)
    first = now - (MOST_CAUGHT_UP - 1) * SECOND
    assert decide(times, "all", long_ago, now) == Decision(False, first)
    assert decide(times, "all", first, now) == Decision(True, first + SECOND)
