"""What lists and the home page show: runs with names, failures that want a look, who works."""

from engine.core.page import Paging
from engine.core.room import NewRoom
from engine.services import overview, rooms, runs, versions, workflows
from engine.store import workers
from tests.fixtures.drawings import drawing


def a_room(rt, editor, name="Desk", *, document=None):
    made = workflows.create(rt, editor, document or drawing("start > wait > end"))
    versions.publish(rt, editor, made.id)
    return rooms.create(rt, editor, NewRoom(name=name, workflow_id=made.id))


def test_a_run_in_a_list_carries_the_names_of_its_room_and_workflow(rt, editor):
    room = a_room(rt, editor)
    run = runs.start(rt, editor, room.id)

    [line] = overview.list_runs(rt, editor).items

    assert (line.id, line.number, line.status) == (run.id, 1, "QUEUED")
    assert (line.room_name, line.workflow_name) == ("Desk", room.workflow_name)
    assert (line.duration_ms, line.error) == (None, "")


def test_the_list_of_runs_is_filtered_and_comes_in_pages(rt, editor):
    first, second = a_room(rt, editor, "One"), a_room(rt, editor, "Two")
    for room in (first, second):
        runs.start(rt, editor, room.id)

    of_one = overview.list_runs(rt, editor, runs.Sought(room_id=first.id))
    page = overview.list_runs(rt, editor, paging=Paging(limit=1))
    rest = overview.list_runs(rt, editor, paging=Paging(limit=1, cursor=page.next_cursor))

    assert [line.room_name for line in of_one.items] == ["One"]
    assert [line.room_name for line in (*page.items, *rest.items)] == ["Two", "One"]
    assert rest.next_cursor is None


def test_home_shows_what_goes_on_and_whether_there_is_anything(rt, editor):
    assert not overview.look_around(rt, editor).has_workflows
    room = a_room(rt, editor)
    assert overview.look_around(rt, editor).has_workflows

    run = runs.start(rt, editor, room.id)
    seen = overview.look_around(rt, editor)

    assert [line.id for line in seen.running] == [run.id]
    assert [line.id for line in seen.latest] == [run.id]
    assert seen.wanting == ()
    assert seen.load.runs == {"QUEUED": 1}


def test_a_worker_that_has_stopped_beating_is_shown_as_gone(rt, editor):
    now_us = rt.now_us()
    with rt.db.write() as session:
        for pid, expires_us in ((1, now_us - 1), (2, now_us + 60_000_000)):
            workers.register(session, workers.Worker(f"w{pid}", "host", pid, 4, now_us, expires_us))

    found = {worker.pid: worker.is_alive for worker in overview.list_workers(rt, editor)}

    assert found == {1: False, 2: True}


def test_a_room_needs_input_when_the_defaults_of_its_version_do_not_suffice(rt, editor):
    plain = drawing("start > wait > end")
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    easy = {**schema, "properties": {"a": {"type": "integer", "default": 1}}}

    assert overview.needs_input(rt, editor, a_room(rt, editor, document={**plain, "input_schema": schema}).id)
    assert not overview.needs_input(
        rt, editor, a_room(rt, editor, document={**plain, "input_schema": easy}).id
    )
    assert not overview.needs_input(rt, editor, a_room(rt, editor).id)


def test_a_room_without_a_version_needs_no_input_to_be_told_so(rt, editor):
    draft = workflows.create_empty(rt, editor, "Draft")
    room = rooms.create(rt, editor, NewRoom(name="Early", workflow_id=draft.id))

    assert not overview.needs_input(rt, editor, room.id)
