"""Times as integers of microseconds since 1970 UTC, and as RFC 3339 text."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def rfc3339(us: int) -> str:
    """The moment as `2026-11-23T03:13:32.000001Z`."""
    moment = _EPOCH + timedelta(microseconds=us)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def rfc3339_or_none(us: int | None) -> str | None:
    return None if us is None else rfc3339(us)


def month_of(us: int) -> int:
    """When the calendar month of that moment began, in UTC."""
    moment = _EPOCH + timedelta(microseconds=us)
    began = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (began - _EPOCH) // timedelta(microseconds=1)


def parse_rfc3339(text: str) -> int:
    """The moment in microseconds.

    Raises:
        ValueError: `text` is no RFC 3339 time with its zone, or one before year 1 or after year 9999 of UTC.
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no RFC 3339 time with its zone, such as 2026-01-31T09:00:00Z")
    try:
        moment = datetime.fromisoformat(text.upper().replace(" ", "T")).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} lies outside the years 1 to 9999 of UTC") from None
    return (moment - _EPOCH) // timedelta(microseconds=1)
