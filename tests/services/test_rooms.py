"""Rooms: made for a workflow, pinned or following, changed and removed."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.core.errors import InvalidInput, NotFound
from engine.core.hook import NewHook
from engine.core.page import Paging
from engine.core.reading import read_value
from engine.core.room import NewRoom, RoomConfig, RoomPatch, RoomStatus
from engine.core.schedule import NewSchedule
from engine.core.subscription import NewSubscription
from engine.services import hooks, memory, rooms, runs, schedules, subscriptions, versions, workflows
from engine.services.permission import Forbidden
from engine.services.rooms import RoomStillRuns
from engine.store import rooms as stored_rooms
from engine.store import workflows as stored_workflows
from engine.store.rooms import Order, Sought
from tests.fixtures.drawings import drawing


@pytest.fixture
def workflow(rt, editor):
    made = workflows.create(rt, editor, drawing("start > wait > end"))
    versions.publish(rt, editor, made.id)
    return made


def a_room(rt, user, workflow, name="Desk", **fields):
    return rooms.create(rt, user, NewRoom(name=name, workflow_id=workflow.id, **fields))


def test_a_new_room_follows_the_latest_version_and_is_idle(rt, editor, workflow):
    room = a_room(rt, editor, workflow)

    assert (room.version, room.status, room.last_run_number) == ("latest", "IDLE", 0)
    assert room.workflow_name == workflow.name
    assert rooms.get(rt, editor, room.id) == room


def test_a_room_keeps_its_version_config_and_metadata(rt, editor, workflow):
    config = RoomConfig(max_tokens=5, temperature=0.5)
    name = "Desk of \N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER} می\N{ZERO WIDTH NON-JOINER}خواهم"
    room = a_room(
        rt, editor, workflow, name=name, version=1, config=config, metadata={"team": ["ü"]}, queue_runs=True
    )

    again = rooms.get(rt, editor, room.id)

    assert (again.name, again.version, again.config, again.metadata, again.queue_runs) == (
        name,
        1,
        config,
        {"team": ["ü"]},
        True,
    )


def test_a_room_may_wait_for_its_workflows_first_version(rt, editor):
    draft = workflows.create_empty(rt, editor, "Draft")

    assert a_room(rt, editor, draft).version == "latest"
    with pytest.raises(NotFound):
        a_room(rt, editor, draft, version=1)
    with pytest.raises(NotFound):
        rooms.create(rt, editor, NewRoom(name="Desk", workflow_id="ghost"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "visible characters"),
        ({"name": "\u200d"}, "visible characters"),
        ({"config": {"temperature": 3}}, "temperature"),
        ({"config": {"max_steps": True}}, "max_steps"),
        ({"config": {"unknown": 1}}, "unknown"),
        ({"version": "newest"}, "version"),
        ({"queue_runs": "yes"}, "queue_runs"),
        ({"metadata": {"x": "y" * 70_000}}, "metadata"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(rt, editor, workflow, fields, told):
    with pytest.raises(InvalidInput, match=told):
        rooms.create(rt, editor, read_value(NewRoom, {"name": "Desk", "workflow_id": workflow.id, **fields}))
    assert rooms.list_rooms(rt, editor).items == ()


def test_a_list_is_filtered_by_status_workflow_and_name(rt, editor, workflow):
    other = workflows.create_empty(rt, editor, "Other")
    desk, bench = a_room(rt, editor, workflow), a_room(rt, editor, other, "Bench")
    runs.start(rt, editor, desk.id)

    def found(**fields):
        return [room.id for room in rooms.list_rooms(rt, editor, Sought(**fields)).items]

    assert found() == [bench.id, desk.id]
    assert found(workflow_id=other.id) == [bench.id]
    assert found(text="DES") == [desk.id]
    assert found(status=RoomStatus.IDLE) == [bench.id]
    assert found(status=RoomStatus.QUEUED) == [desk.id]
    assert found(status=RoomStatus.IDLE, text="desk") == []


def test_a_list_comes_in_pages(rt, editor, workflow):
    made = [a_room(rt, editor, workflow, f"R{number}").id for number in range(5)]

    first = rooms.list_rooms(rt, editor, paging=Paging(limit=3))
    last = rooms.list_rooms(rt, editor, paging=Paging(limit=3, cursor=first.next_cursor))

    assert [room.id for room in first.items + last.items] == made[::-1]


def test_a_list_in_any_order_comes_whole_page_by_page(rt, editor, workflow):
    b, c, a, twin = [
        a_room(rt, editor, workflow, name).id for name in ("bench", "Couch", "Armchair", "Bench")
    ]
    runs.start(rt, editor, c)

    def listed(order):
        found, cursor = [], None
        while True:
            page = rooms.list_rooms(rt, editor, Sought(order=order), Paging(limit=1, cursor=cursor))
            found += [room.id for room in page.items]
            if (cursor := page.next_cursor) is None:
                return found

    assert listed(Order.NAME) == [a, b, twin, c]
    assert listed(Order.ACTIVE) == [c, twin, a, b]
    assert listed(Order.NEWEST) == [twin, a, c, b]


def test_a_patch_changes_what_it_names(rt, editor, workflow):
    room = a_room(rt, editor, workflow, metadata={"a": 1})

    after = rooms.patch(rt, editor, room.id, RoomPatch(name="Bench", version=1, queue_runs=True))

    assert (after.name, after.version, after.queue_runs, after.metadata) == ("Bench", 1, True, {"a": 1})
    assert rooms.get(rt, editor, room.id) == after
    assert rooms.patch(rt, editor, room.id, RoomPatch(version="latest")).version == "latest"
    with pytest.raises(NotFound):
        rooms.patch(rt, editor, room.id, RoomPatch(version=9))
    with pytest.raises(NotFound):
        rooms.patch(rt, editor, "ghost", RoomPatch(name="x"))


def test_a_room_is_deleted_with_everything_in_it(rt, editor, workflow):
    room = a_room(rt, editor, workflow)
    memory.put(rt, editor, room.id, "key", "value")

    rooms.delete(rt, editor, room.id)

    for ask in (rooms.get, rooms.delete, memory.list_entries):
        with pytest.raises(NotFound):
            ask(rt, editor, room.id)
    assert workflows.delete(rt, editor, workflow.id) is None


def test_a_room_is_not_deleted_while_it_runs(rt, editor, workflow):
    room = a_room(rt, editor, workflow)
    runs.start(rt, editor, room.id)

    with pytest.raises(RoomStillRuns, match="while its run is QUEUED"):
        rooms.delete(rt, editor, room.id)
    assert rooms.get(rt, editor, room.id).status is RoomStatus.QUEUED


def test_a_patch_does_not_touch_what_the_runner_writes(rt, editor, workflow):
    room = a_room(rt, editor, workflow)
    runs.start(rt, editor, room.id)

    rooms.patch(rt, editor, room.id, RoomPatch(name="Bench"))

    after = rooms.get(rt, editor, room.id)
    assert (after.name, after.status, after.last_run_number) == ("Bench", RoomStatus.QUEUED, 1)


def test_a_viewer_looks_and_changes_nothing(rt, editor, viewer, workflow):
    room = a_room(rt, editor, workflow)

    assert rooms.get(rt, viewer, room.id) == room
    assert rooms.list_rooms(rt, viewer).items == (room,)
    for forbidden in (
        lambda: a_room(rt, viewer, workflow),
        lambda: rooms.patch(rt, viewer, room.id, RoomPatch(name="Mine")),
        lambda: rooms.delete(rt, viewer, room.id),
    ):
        with pytest.raises(Forbidden):
            forbidden()


def test_what_is_put_into_a_room_while_it_is_deleted_finds_none(rt, editor, workflow):
    room_id = a_room(rt, editor, workflow).id
    told = NewSubscription(name="s", url="https://example.com/", events=("ROOM_COMPLETED",), room_id=room_id)
    puts = [
        lambda: hooks.create(rt, editor, room_id, NewHook(name="h")),
        lambda: schedules.create(rt, editor, room_id, NewSchedule(name="s", cron="@daily")),
        lambda: subscriptions.create(rt, editor, told),
        lambda: memory.put(rt, editor, room_id, "k", 1),
        lambda: a_room(rt, editor, workflow),
    ]
    with ThreadPoolExecutor(len(puts)) as pool:
        with rt.db.write() as session:
            stored_rooms.remove(session, room_id)
            stored_workflows.remove(session, workflow.id)
            late = [pool.submit(put) for put in puts]  # each still finds it
            time.sleep(0.3)
        for one in late:
            with pytest.raises(NotFound):
                one.result(10)
