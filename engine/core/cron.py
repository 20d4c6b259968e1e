"""When a schedule is due: a cron expression read as wall time of a zone, with one answer for gaps and overlaps of summer time.

A time that names hour and minute comes once a day whatever the clocks do: one that a gap leaves out comes at the first
moment after it, one that an overlap repeats comes at its first passage. Where hour or minute is `*`, time is followed as
it passes: what a gap leaves out does not come, what an overlap repeats comes twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from engine.core.errors import InvalidInput

NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_MINUTE = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)
_NONE = timedelta()
MOST_LISTED = 1_000


class Cron:
    """An expression of five fields, or of six with seconds first, in a time zone. Made by `cron`."""

    def __init__(self, expression: str, zone: str) -> None:
        self._zone = _zone(zone)
        self._expression = NICKNAMES.get(expression.strip().lower(), expression)
        self._is_fixed = self._parsed()

    def after(self, us: int) -> int | None:
        """The first due time after the moment `us`; None when there is none for fifty years."""
        return next(self._from(us), None)

    def between(self, after_us: int, upto_us: int, most: int) -> list[int]:
        """The last `most` due times after `after_us` and up to `upto_us`."""
        window_us = 100 * _SECOND
        while True:
            begin_us = max(after_us, upto_us - window_us)
            found = []
            for due_us in self._from(begin_us):
                if due_us > upto_us:
                    break
                found.append(due_us)
            if len(found) >= most or begin_us == after_us:
                return found[-most:]
            window_us *= 10

    def following(self, us: int, count: int) -> list[int]:
        """The next `count` due times after the moment `us`."""
        return [due_us for due_us, _ in zip(self._from(us), range(min(count, MOST_LISTED)), strict=False)]

    def _parsed(self) -> bool:
        """Whether it names hour and minute."""
        try:
            parts = CronSim(self._expression, _EPOCH).parts
        except CronSimError as error:
            raise InvalidInput(
                f"{self._expression[:80]!r} is no cron expression: {error}. It has five fields, as '0 9 * * MON-FRI' "
                "for nine o'clock on workdays, or six with seconds first."
            ) from None
        return not parts[1].startswith("*") and not parts[2].startswith("*")

    def _from(self, us: int) -> Iterator[int]:
        """Due times after `us`, in order, each once."""
        begun = (_EPOCH + timedelta(seconds=us // _SECOND)).astimezone(self._zone)
        last_us = us
        for due_us in self._passages(begun.replace(tzinfo=None) - _to_be_repeated(begun)):
            if due_us > last_us:
                last_us = due_us
                yield due_us

    def _passages(self, start: datetime) -> Iterator[int]:
        """The moments at which the zone's clocks show what is due, as time passes.

        The wall times come from CronSim, the moments from here: its own lose hours where clocks are moved by half of one.
        """
        again: deque[int] = deque()
        for wall in CronSim(self._expression, start):
            moment = self._moment(wall)
            if moment is None:
                continue
            first_us = _us(moment)
            while again and again[0] < first_us:
                yield again.popleft()
            yield first_us
            if not self._is_fixed and (repeated := _to_be_repeated(moment)):
                again.append(first_us + repeated // _MICROSECOND)
        yield from again

    def _moment(self, wall: datetime) -> datetime | None:
        """When clocks show it first; None if they never do, and it does not come later instead."""
        moment = wall.replace(tzinfo=self._zone, fold=0)
        while not _is_real(moment):
            if not self._is_fixed:
                return None
            moment = (moment + _MINUTE).replace(second=0)
        return moment


@lru_cache(maxsize=256)
def cron(expression: str, zone: str) -> Cron:
    """
    Raises:
        InvalidInput: it is no cron expression, or there is no such zone.
    """
    return Cron(expression, zone)


def _is_real(moment: datetime) -> bool:
    """Whether the zone's clocks show it."""
    return moment == moment.astimezone(UTC).astimezone(moment.tzinfo)


def _to_be_repeated(moment: datetime) -> timedelta:
    """How much later the zone's clocks show the same once more; nothing if they don't."""
    later = (moment.utcoffset() or _NONE) - (moment.replace(fold=1).utcoffset() or _NONE)
    return max(later, _NONE) if moment.fold == 0 else _NONE


def _us(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # not there, a folder, no path at all
        raise InvalidInput(
            f"There is no time zone {name[:64]!r}. Use a name of the IANA list, such as Europe/Berlin or UTC."
        ) from None
