"""Times of day and dates: read, written, moved and measured in any zone, from the recorded time of the step."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field

from engine.core.catalogue import Effect, StepContext, StepError, tool
from engine.core.document import Frozen
from engine.core.times import parse_rfc3339, rfc3339

Unit = Literal["years", "months", "weeks", "days", "hours", "minutes", "seconds"]
Number = Annotated[int, Field(ge=-100_000_000, le=100_000_000)]

MARKS = frozenset("aAbBdHIjmMpSyYzZfGVuwUW%")
"""The % marks of strftime and strptime that mean the same on every system."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR = re.compile("%[YyG]")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?", re.ASCII)


class Params(Frozen):
    time: str | None = Field(
        None,
        max_length=100,
        description="2026-01-31T09:00:00Z, 2026-01-31T09:00 or 2026-01-31; the step's own time if absent",
    )
    read_as: str | None = Field(
        None, min_length=1, max_length=100, description="how time is written: %d.%m.%Y %H:%M"
    )
    zone: str = Field(
        "UTC",
        max_length=64,
        description="where it is meant and shown, as Europe/Berlin; clocks change as there",
    )
    add: dict[Unit, Number] = Field(
        {}, description='how far to move it: {"months": 1, "hours": -2}; days and longer by the calendar'
    )
    format: str | None = Field(
        None, min_length=1, max_length=100, description="how text is written: %A, %d %B %Y, %H:%M"
    )
    until: str | None = Field(
        None, max_length=100, description="a second time, read as the first: seconds says how far it is"
    )


class Result(Frozen):
    time: str = Field(description="the moment, in UTC")
    local: str = Field(description="the same in the zone, with its offset")
    date: str
    weekday: int = Field(description="1 is Monday, 7 is Sunday")
    text: str = Field(description="as format says, else as local")
    unix_s: float
    seconds: float | None = Field(description="from here to until; null without one")


@tool(
    Params,
    title="Date and time",
    category="time",
    effect=Effect.NONE,
    returns=Result,
    timeout_s=5,
    examples=(
        {
            "title": "a day later, by the clocks of Berlin",
            "arguments": {"time": "2026-03-28T09:00", "zone": "Europe/Berlin", "add": {"days": 1}},
            "result": {
                "time": "2026-03-29T07:00:00.000000Z",
                "local": "2026-03-29T09:00:00+02:00",
                "date": "2026-03-29",
                "weekday": 7,
                "text": "2026-03-29T09:00:00+02:00",
                "unix_s": 1774767600.0,
                "seconds": None,
            },
        },
        {"title": "now", "arguments": {"zone": "America/New_York", "format": "%d %B %Y, %H:%M"}},
        {"title": "how long", "arguments": {"time": "2026-01-01", "until": "2026-03-01"}},
    ),
)
def date_time(params: Params, ctx: StepContext) -> Any:
    """Read, move, compare and write times; without a time it tells the current one."""
    zone = _zone(params.zone)
    try:
        begin = _EPOCH + timedelta(microseconds=ctx.now_us) if params.time is None else None
        moment = _moved(begin or _read(str(params.time), params.read_as, zone), params.add, zone)
        local = moment.astimezone(zone)
        end = None if params.until is None else _read(params.until, params.read_as, zone)
        return {
            "time": rfc3339((moment - _EPOCH) // timedelta(microseconds=1)),
            "local": local.isoformat(),
            "date": local.date().isoformat(),
            "weekday": local.isoweekday(),
            "text": local.isoformat() if params.format is None else local.strftime(_marked(params.format)),
            "unix_s": moment.timestamp(),
            "seconds": None if end is None else (end - moment).total_seconds(),
        }
    except (ValueError, OverflowError) as error:
        raise _bad(str(error)) from None


def _read(text: str, pattern: str | None, zone: ZoneInfo) -> datetime:
    """The moment in UTC; without a zone of its own it is meant in `zone`."""
    if pattern is not None:
        found = _read_as(text, _marked(pattern))
    elif _LOCAL.fullmatch(text):
        found = datetime.fromisoformat(text.upper().replace(" ", "T"))
    else:
        found = _EPOCH + timedelta(microseconds=parse_rfc3339(text))
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _read_as(text: str, pattern: str) -> datetime:
    """Without a year it is of 1900 with every Python: from 3.15 on strptime itself takes another, or refuses it."""
    if _YEAR.search(pattern.replace("%%", "")):
        return datetime.strptime(text, pattern)
    return datetime.strptime(f"1900 {text}", f"%Y {pattern}")


def _moved(moment: datetime, add: dict[Unit, int], zone: ZoneInfo) -> datetime:
    """Years to days move the wall's clock, hours to seconds the true time."""
    if any(add.get(unit) for unit in ("years", "months", "weeks", "days")):
        local = moment.astimezone(zone)
        day = _by_months(local.date(), 12 * add.get("years", 0) + add.get("months", 0))
        day += timedelta(days=add.get("days", 0), weeks=add.get("weeks", 0))
        moment = datetime.combine(day, local.time(), zone).astimezone(UTC)
    return moment + timedelta(**{unit: add.get(unit, 0) for unit in ("hours", "minutes", "seconds")})


def _by_months(day: date, months: int) -> date:
    """The same day so many months away, or the last one of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not 1 <= year <= 9999:
        raise ValueError(f"the year {year} lies outside 1 to 9999")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _zone(name: str) -> ZoneInfo:
    if name not in _zones():  # asked first: a name that is a path never reaches the file system
        raise _bad(f"there is no time zone {name[:64]!r}; names look like Europe/Berlin")
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _marked(pattern: str) -> str:
    marks = iter(pattern)
    for letter in marks:
        if letter == "%" and (mark := next(marks, "")) not in MARKS:
            raise ValueError(f"%{mark} is no mark of a time; there are {' '.join(sorted(MARKS))}")
    return pattern


def _bad(why: str) -> StepError:
    return StepError(f"{why[:1].upper()}{why[1:]}.", code="bad_time")
