"""Rooms of one call go when their time is up; rooms that anybody may still want stay."""

import time
from dataclasses import replace

import pytest

from engine.core.errors import NotFound
from engine.core.identity import User
from engine.core.room import NewRoom, RoomPatch
from engine.core.schedule import NewSchedule
from engine.runner.clearing import DAY_US, clear_away
from engine.services import auditing, control, rooms, schedules
from engine.services.rooms import Sought
from tests.fixtures.drawings import drawing
from tests.fixtures.runtimes import MovableRuntime
from tests.runner.conftest import Place

DAYS = 7


def there(rt: MovableRuntime, user: User) -> set[str]:
    return {room.name for room in rooms.list_rooms(rt, user, Sought(passing=None)).items}


def test_rooms_of_calls_go_and_rooms_that_are_wanted_stay(
    rt: MovableRuntime, place: Place, editor: User, admin: User
) -> None:
    document = drawing("start > wait > end", wait={"config": {"signal": "go"}})
    workflow = rooms.get(rt, editor, place.room(document)).workflow_id
    names = ("done", "never run", "waits", "renamed", "scheduled", "late", "lasting")
    made = {
        name: rooms.create(
            rt, editor, NewRoom(name=name, workflow_id=workflow), is_passing=name != "lasting"
        ).id
        for name in names
    }
    started = {name: place.start(made[name]).id for name in names if name != "never run"}
    for name in started.keys() - {"waits", "late"}:
        control.cancel(rt, editor, made[name])
        place.over(started[name])
    rooms.patch(rt, editor, made["renamed"], RoomPatch(name="kept"))
    daily = NewSchedule(name="Daily", cron="@daily", zone="UTC", enabled=False)
    schedules.create(rt, editor, made["scheduled"], daily)
    shown = {room.name for room in rooms.list_rooms(rt, editor).items}
    assert {"kept", "lasting"} <= shown
    assert not shown & (set(names) - {"lasting"})

    rt.move_clock(DAYS * DAY_US)
    control.cancel(rt, editor, made["late"])
    place.over(started["late"])
    for_good = replace(rt, settings=rt.settings.model_copy(update={"call_room_days": 0}))
    assert clear_away(for_good, rt.now_us()) == 0
    rt.move_clock(60_000_000)
    end = time.monotonic() + 10
    while (left := there(rt, editor)) & {"done", "never run"}:
        assert time.monotonic() < end, left
        time.sleep(0.02)

    assert {"waits", "kept", "scheduled", "late", "lasting"} <= left
    with pytest.raises(NotFound):
        place.get(started["done"])
    entries = auditing.list_entries(rt, admin, sought=auditing.Sought(action="room_deleted")).items
    told = {(entry.user_id, entry.detail["name"], entry.detail["after_days"]) for entry in entries}
    assert told == {(None, "done", DAYS), (None, "never run", DAYS)}
    assert clear_away(rt, rt.now_us()) == 0
