"""Schedules: each due time begins one run, whoever fires it; overlaps and missed times as their policies say."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.core.errors import InvalidInput, NotFound
from engine.core.page import Paging
from engine.core.room import NewRoom, RoomPatch
from engine.core.schedule import NewSchedule, SchedulePatch
from engine.runner import Runner, firing
from engine.services import auditing, rooms, runs, schedules, versions, workflows
from engine.services.permission import Forbidden
from tests.fixtures.drawings import drawing
from tests.fixtures.runtimes import SECOND

MINUTE = 60 * SECOND


@pytest.fixture
def room_id(rt, editor):
    """A room; a minute has just begun, and none ends while a test makes what is due in the same one."""
    rt.move_clock(MINUTE + SECOND - rt.now_us() % MINUTE)
    document = drawing("start > wait > end", wait={"config": {"signal": "go"}})
    made = workflows.create(rt, editor, document)
    versions.publish(rt, editor, made.id)
    return rooms.create(rt, editor, NewRoom(name="Desk", workflow_id=made.id)).id


def a_schedule(rt, editor, room_id, **fields):
    given = {"name": "Each minute", "cron": "* * * * *", **fields}
    return schedules.create(rt, editor, room_id, NewSchedule(**given))


def fire(rt, user, schedule, *, after_us=0):
    """Move the clock to the next due time and a bit, and fire; what became of it, the newest first."""
    due_us = schedules.get(rt, user, schedule.id).next_due_at
    rt.move_clock(due_us + after_us - rt.now_us() + 1000)
    firing.fire_due(rt, rt.now_us())
    return schedules.firings(rt, user, schedule.id).items


def until(look, within_s=20):
    end = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def of_room(rt, user, room_id):
    return runs.list_runs(rt, user, runs.Sought(room_id=room_id)).items


def test_a_due_time_begins_one_run_however_many_workers_fire_it(rt, editor, room_id):
    schedule = a_schedule(rt, editor, room_id, cron="* * * * * *", overlap="queue", input={"n": 1})
    rt.move_clock(3 * SECOND)
    now_us = rt.now_us()
    due = list(range(schedule.next_due_at, now_us + 1, SECOND))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: firing.fire_due(rt, now_us), range(8)))
    firing.fire_due(rt, now_us)

    found, begun = schedules.firings(rt, editor, schedule.id).items, of_room(rt, editor, room_id)
    assert [one.due_at for one in reversed(found)] == due
    assert sorted(run.id for run in begun) == sorted(one.run_id for one in found)
    assert [one.outcome for one in found] == ["queued"] * (len(found) - 1) + ["started"]
    assert begun[0].input == {"n": 1}
    assert schedules.get(rt, editor, schedule.id).next_due_at == found[0].due_at + SECOND


def test_a_round_ends_soon_and_the_next_goes_on_with_who_waits_longest(rt, editor, room_id, monkeypatch):
    """Timers are due meanwhile, though hundreds of schedules have missed a month."""
    monkeypatch.setattr(firing, "ROUND_S", 0)
    made = [a_schedule(rt, editor, room_id, overlap="queue", catch_up="all") for _ in range(2)]
    rt.move_clock(5 * MINUTE)
    after_each = []
    for _ in range(2):
        firing.fire_due(rt, rt.now_us())
        after_each.append(sorted(len(schedules.firings(rt, editor, one.id).items) for one in made))

    assert after_each == [[0, 5], [5, 5]]


def test_a_worker_fires_on_time(rt, editor, room_id):
    runner = Runner(rt, threads=2)
    runner.start()
    try:
        schedule = a_schedule(rt, editor, room_id, cron="* * * * * *")
        found = until(lambda: schedules.firings(rt, editor, schedule.id).items)
        until(lambda: any(late_us(one) < SECOND for one in schedules.firings(rt, editor, schedule.id).items))
    finally:
        runner.stop()

    assert found[-1].outcome == "started"
    assert all(late_us(one) >= 0 for one in found)


def late_us(firing):
    return firing.fired_at - firing.due_at


def test_a_busy_room_is_left_alone_queued_for_or_taken_over(rt, editor, room_id):
    first = runs.start(rt, editor, room_id)
    rooms.patch(rt, editor, room_id, RoomPatch(queue_runs=True))
    skipping = a_schedule(rt, editor, room_id)
    assert (fire(rt, editor, skipping)[0].outcome, schedules.firings(rt, editor, skipping.id).items[0].code) == (
        "skipped", "room_busy",
    )  # fmt: skip
    schedules.delete(rt, editor, skipping.id)
    rooms.patch(rt, editor, room_id, RoomPatch(queue_runs=False))

    queueing = a_schedule(rt, editor, room_id, overlap="queue")
    (queued,) = fire(rt, editor, queueing)
    assert queued.outcome == "queued"
    schedules.patch(rt, editor, queueing.id, SchedulePatch(overlap="cancel_running"))
    last = fire(rt, editor, queueing)[0]
    assert last.outcome == "queued"

    runner = Runner(rt, threads=2)
    runner.start()
    try:
        until(lambda: runs.get(rt, editor, first.id).status.is_over)
        until(lambda: runs.get(rt, editor, queued.run_id).status != "QUEUED")
    finally:
        runner.stop()
    assert runs.get(rt, editor, first.id).status == "CANCELLED"
    assert runs.get(rt, editor, last.run_id).status == "QUEUED"


@pytest.mark.parametrize(
    ("catch_up", "outcomes"),
    [("skip", ["skipped"]), ("one", ["started"]), ("all", ["queued", "queued", "started"])],
)
def test_times_missed_while_nobody_was_there(rt, editor, room_id, catch_up, outcomes):
    schedule = a_schedule(rt, editor, room_id, catch_up=catch_up, overlap="queue")

    found = fire(rt, editor, schedule, after_us=2 * MINUTE + 30 * SECOND)

    assert [one.outcome for one in found] == outcomes
    assert found[-1].due_at == schedule.next_due_at
    assert found[0].code == ("missed" if catch_up == "skip" else None)
    assert schedules.get(rt, editor, schedule.id).next_due_at == schedule.next_due_at + 3 * MINUTE


def test_what_can_not_start_is_told_and_does_not_stop_the_schedule(rt, editor, room_id):
    draft = workflows.create_empty(rt, editor, "Draft")
    other = rooms.create(rt, editor, NewRoom(name="Empty", workflow_id=draft.id))
    broken, sound = a_schedule(rt, editor, other.id), a_schedule(rt, editor, room_id)

    fire(rt, editor, sound)
    again = fire(rt, editor, broken)

    assert {one.code for one in again} == {"no_version"}
    assert len(again) == 2
    assert schedules.firings(rt, editor, sound.id).items[-1].outcome == "started"


def test_a_schedule_that_is_off_fires_nothing_and_begins_anew_when_on(rt, editor, room_id):
    schedule = a_schedule(rt, editor, room_id, enabled=False)
    assert schedule.next_due_at is None
    rt.move_clock(10 * MINUTE)
    assert firing.fire_due(rt, rt.now_us()) == []

    before_us = rt.now_us()
    on = schedules.patch(rt, editor, schedule.id, SchedulePatch(enabled=True))
    assert before_us < on.next_due_at <= rt.now_us() + MINUTE
    moved = schedules.patch(rt, editor, schedule.id, SchedulePatch(cron="0 9 * * *", zone="Europe/Berlin"))
    assert moved.next_due_at != on.next_due_at
    assert moved.next_due_at == schedules.preview(rt, editor, "0 9 * * *", "Europe/Berlin", 1)[0]


def test_schedules_are_the_editors_and_leave_their_mark(rt, viewer, editor, admin, room_id):
    with pytest.raises(Forbidden):
        a_schedule(rt, viewer, room_id)
    for fields in ({"cron": "nonsense"}, {"zone": "Mars"}, {"cron": "0 0 31 2 *"}, {"input": "x" * 70_000}):
        with pytest.raises(InvalidInput):
            a_schedule(rt, editor, room_id, **fields)
    with pytest.raises(NotFound):
        a_schedule(rt, editor, "ghost")
    made = [a_schedule(rt, editor, room_id, name=f"No {number}") for number in range(3)]
    page = schedules.list_schedules(rt, viewer, room_id, Paging(limit=2))
    rest = schedules.list_schedules(rt, viewer, None, Paging(limit=2, cursor=page.next_cursor))
    assert [one.id for one in (*page.items, *rest.items)] == [one.id for one in reversed(made)]

    schedules.delete(rt, editor, made[0].id)
    with pytest.raises(NotFound):
        schedules.get(rt, viewer, made[0].id)
    fire(rt, editor, made[1])
    actions = [(entry.action, entry.user_id) for entry in auditing.list_entries(rt, admin).items]
    assert ("schedule_created", editor.id) in actions
    assert ("schedule_deleted", editor.id) in actions
    assert ("run", None) in actions


def test_an_input_that_the_room_can_not_run_with_is_refused_at_once(rt, editor, room_id):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    room = rooms.get(rt, editor, room_id)
    schedule = a_schedule(rt, editor, room_id, input={"n": "one"})
    workflows.save_draft(rt, editor, room.workflow_id, drawing("start > end") | {"input_schema": schema})
    versions.publish(rt, editor, room.workflow_id)

    for given in (None, {"n": "one"}):
        with pytest.raises(InvalidInput, match="input_schema"):
            a_schedule(rt, editor, room_id, input=given)
        with pytest.raises(InvalidInput, match="input_schema"):
            schedules.patch(rt, editor, schedule.id, SchedulePatch(input=given))
    assert a_schedule(rt, editor, room_id, input={"n": 1}).input == {"n": 1}
    assert not schedules.patch(rt, editor, schedule.id, SchedulePatch(enabled=False)).enabled
