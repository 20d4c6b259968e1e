"""How long a step rests before its next attempt."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from engine.core.document import Retry

US_PER_S = 1_000_000
MOST_ASKED_S = 3600.0
"""Whoever was asked too often may ask for a rest, but not for one without end."""


def delay_us(retry: Retry, failures: int, *, asked_s: float = 0) -> int:
    """Microseconds to rest after the `failures`-th failed attempt (1 is the first).

    Exponential back-off, capped: initial_delay_s * multiplier ** (failures - 1), at most max_delay_s; but never less
    than the rest that was asked for, up to an hour.
    """
    exponent = min(failures - 1, 1_000)
    try:
        delay_s = retry.initial_delay_s * retry.multiplier**exponent
    except OverflowError:
        delay_s = retry.max_delay_s
    rest_s = max(min(delay_s, retry.max_delay_s), min(asked_s, MOST_ASKED_S))
    return round(rest_s * US_PER_S)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that an HTTP answer asks us to wait (RFC 9110, 10.2.3), by its own clock; None where it asks for none."""
    told = headers.get("retry-after", "").strip()
    try:
        seconds = float(told)
    except ValueError:
        return _until(told, headers.get("date", "")) if told else None
    return max(seconds, 0.0) if isfinite(seconds) else None


def _until(told: str, date: str) -> float | None:
    try:
        then, now = parsedate_to_datetime(told), parsedate_to_datetime(date)
    except ValueError:
        return None
    return max((_aware(then) - _aware(now)).total_seconds(), 0.0)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
