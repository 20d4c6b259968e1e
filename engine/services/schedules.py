"""Schedules of rooms: made, changed, looked at. Firing them is the runner's."""

from __future__ import annotations

import orjson
from pydantic import JsonValue

from engine.core.cron import cron
from engine.core.depth import MOST, is_too_deep
from engine.core.errors import InvalidInput, NotFound, there
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.schedule import Firing, NewSchedule, Schedule, SchedulePatch
from engine.core.times import parse_rfc3339, rfc3339
from engine.runner.starting import fitting
from engine.runtime import Runtime
from engine.services.drafts import clean_name
from engine.services.permission import require
from engine.services.rooms import next_version
from engine.store import audit, rooms, schedules
from engine.store.database import Session

MAX_INPUT_BYTES = 65_536
MOST_PREVIEWED = 100


def create(rt: Runtime, user: User, room_id: str, new: NewSchedule) -> Schedule:
    """A schedule of the room; its first time is the first after now.

    Raises:
        NotFound: there is no such room.
        InvalidInput: no cron expression, no time zone, a time that never comes, or an input that the room can't run with.
    """
    require(rt, user, Role.EDITOR, "make a schedule")
    now_us = rt.now_us()
    schedule = Schedule(
        **{**dict(new), "name": clean_name(new.name, "schedule")},
        id=rt.new_id(),
        room_id=room_id,
        next_due_at=_next_us(new, now_us),
        created_at=now_us,
        updated_at=now_us,
    )
    check_input(rt, user, room_id, new.input)
    with rt.db.write() as session:
        if not rooms.exists(session, room_id, lock=True):
            raise NotFound("room", room_id)
        schedules.add(session, schedule, user.id)
        _audit(rt, session, user, "schedule_created", schedule)
    return schedule


def list_schedules(
    rt: Runtime, user: User, room_id: str | None = None, paging: Paging = FIRST_PAGE
) -> Page[Schedule]:
    """Those of a room, or all; newest first."""
    require(rt, user, Role.VIEWER, "list schedules")
    with rt.db.read() as session:
        if room_id is not None and not rooms.exists(session, room_id):
            raise NotFound("room", room_id)
        found = schedules.list_after(session, room_id, paging.after(), paging.limit + 1)
    return paging.page(found, lambda item: item.id)


def get(rt: Runtime, user: User, schedule_id: str) -> Schedule:
    require(rt, user, Role.VIEWER, "see a schedule")
    with rt.db.read() as session:
        return there(schedules.get(session, schedule_id), "schedule", schedule_id)


def patch(rt: Runtime, user: User, schedule_id: str, changes: SchedulePatch) -> Schedule:
    """Change the schedule. New times, and one that is switched on, begin with the first after now."""
    require(rt, user, Role.EDITOR, "change a schedule")
    given = {name: getattr(changes, name) for name in changes.model_fields_set}
    fields = {name: value for name, value in given.items() if value is not None or name == "input"}
    if "name" in fields:
        fields["name"] = clean_name(fields["name"], "schedule")
    if "input" in fields:
        check_input(rt, user, get(rt, user, schedule_id).room_id, fields["input"])
    now_us = rt.now_us()
    with rt.db.write() as session:
        before = there(schedules.get(session, schedule_id, lock=True), "schedule", schedule_id)
        after = before.model_copy(update={**fields, "updated_at": now_us})
        times = ("cron", "zone", "enabled")
        if any(getattr(before, name) != getattr(after, name) for name in times):
            after = after.model_copy(update={"next_due_at": _next_us(after, now_us)})
        schedules.save(session, after)
        _audit(rt, session, user, "schedule_changed", after)
    return after


def delete(rt: Runtime, user: User, schedule_id: str) -> None:
    """Remove the schedule with its history; its runs stay."""
    require(rt, user, Role.EDITOR, "delete a schedule")
    with rt.db.write() as session:
        schedule = there(schedules.get(session, schedule_id, lock=True), "schedule", schedule_id)
        schedules.remove(session, schedule_id)
        _audit(rt, session, user, "schedule_deleted", schedule)


def firings(rt: Runtime, user: User, schedule_id: str, paging: Paging = FIRST_PAGE) -> Page[Firing]:
    """What became of its due times, newest first; the last thousand are kept."""
    require(rt, user, Role.VIEWER, "see a schedule")
    last = paging.after()
    try:
        before_us = None if last is None else parse_rfc3339(last)
    except ValueError:
        raise InvalidInput("This cursor is of another list.") from None
    with rt.db.read() as session:
        there(schedules.get(session, schedule_id), "schedule", schedule_id)
        found = schedules.firings(session, schedule_id, before_us, paging.limit + 1)
    return paging.page(found, lambda firing: rfc3339(firing.due_at))


def preview(rt: Runtime, user: User, expression: str, zone: str, count: int) -> list[int]:
    """The next `count` due times of an expression, in microseconds.

    Raises:
        InvalidInput
    """
    require(rt, user, Role.VIEWER, "see a schedule")
    if not 1 <= count <= MOST_PREVIEWED:
        raise InvalidInput(f"count is {count}; it must be between 1 and {MOST_PREVIEWED}.")
    return cron(expression, zone).following(rt.now_us(), count)


def _next_us(wanted: NewSchedule, now_us: int) -> int | None:
    """The first due time after now, None while it is off.

    Raises:
        InvalidInput
    """
    next_us = cron(wanted.cron, wanted.zone).after(now_us)
    if next_us is None:
        raise InvalidInput(f"{wanted.cron[:80]!r} is never due: no calendar has such a day.")
    return next_us if wanted.enabled else None


def check_input(rt: Runtime, user: User, room_id: str, given: JsonValue) -> None:
    """Whether the room, as it is now, can be run with this input by itself.

    Raises:
        NotFound
        InvalidInput: it is too large, or does not fit the input_schema of the version that the room runs.
    """
    require(rt, user, Role.VIEWER, "see a schedule")
    raw = orjson.dumps(given)
    if len(raw) > MAX_INPUT_BYTES:
        raise InvalidInput(f"The input takes {len(raw):,} bytes; {MAX_INPUT_BYTES:,} are the most.")
    if is_too_deep(raw):
        raise InvalidInput(f"The input is nested more than {MOST} levels deep.")
    version = next_version(rt, user, room_id)
    if version is not None:
        fitting(rt, version.workflow_id, version.number, given)


def _audit(rt: Runtime, session: Session, user: User, action: str, schedule: Schedule) -> None:
    told = {"room_id": schedule.room_id, "name": schedule.name, "cron": schedule.cron, "zone": schedule.zone}
    audit.append(session, rt.now_us(), user.id, action, schedule.id, **told)
