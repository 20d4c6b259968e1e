"""Runs that stand in line for their room."""

from itertools import pairwise

import pytest
from sqlalchemy import text

from engine.core.errors import IllegalTransition
from engine.core.run import RunStatus
from engine.runner import sweeper
from engine.services import control, logs
from engine.services import rooms as room_services
from engine.services.rooms import RoomStillRuns
from engine.store import claims, inbox
from tests.core.drawing import line, tool
from tests.runner.conftest import Place, Rooms


@pytest.fixture
def room_between_two_runs(rooms: Rooms) -> tuple[str, str]:
    """The first run is over, the second was not yet told that it has the room: its id."""
    room = rooms.room(line(tool("a")), queue_runs=True)
    first, second = rooms.queue(room), rooms.queue(room)
    with rooms.rt.db.write() as session:
        sql = "UPDATE run SET status = 'COMPLETED', live = NULL, ready = FALSE WHERE id = :id"
        session.execute(text(sql), {"id": first})
    return room, second


def test_nobody_jumps_the_line_between_two_runs(rooms: Rooms, room_between_two_runs: tuple[str, str]) -> None:
    room, second = room_between_two_runs

    third = rooms.queue(room)

    with rooms.rt.db.hot() as hot:
        assert hot.one("SELECT live FROM run WHERE id = ?", third)[0] is None
        assert claims.promote_next(hot, room) == second


def test_a_room_is_not_deleted_while_a_run_stands_in_line(
    rooms: Rooms, room_between_two_runs: tuple[str, str]
) -> None:
    room, second = room_between_two_runs

    with pytest.raises(RoomStillRuns):
        room_services.delete(rooms.rt, rooms.user, room)

    assert rooms.get(second)


def test_a_run_in_line_is_cancelled_by_itself_and_at_once(rooms: Rooms) -> None:
    room = rooms.room(line(tool("a")), queue_runs=True)
    first, second, third = rooms.queue(room), rooms.queue(room), rooms.queue(room)

    gone = control.cancel_run(rooms.rt, rooms.user, second)

    assert (gone.status, gone.ended_at is not None) == (RunStatus.CANCELLED, True)
    assert [
        event["type"] for event in logs.of_run(rooms.rt, rooms.user, second, logs.Wanted(after_seq=0)).items
    ] == [
        "RUN_QUEUED",
        "ROOM_CANCELLED",
    ]
    assert room_services.get(rooms.rt, rooms.user, room).status == "QUEUED"  # that of the first
    with pytest.raises(IllegalTransition):
        control.cancel_run(rooms.rt, rooms.user, second)
    with rooms.rt.db.hot() as hot:
        hot.run("UPDATE run SET status = 'COMPLETED', live = NULL, ready = FALSE WHERE id = ?", first)
        assert claims.promote_next(hot, room) == third
    assert control.cancel_run(rooms.rt, rooms.user, third).id == third  # has its room now: by its inbox
    with rooms.rt.db.look() as hot:
        assert [kind for _, kind, _ in inbox.unread(hot, third, 0)] == ["cancel"]


def test_the_next_in_line_begins_when_the_one_before_it_ends_and_not_at_the_next_round(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "SWEEP_S", 0.6)
    room = place.room(line(tool("a")), queue_runs=True)

    passed = [place.over(run_id) for run_id in [place.queue(room) for _ in range(8)]]

    rests_us = sorted((after.started_at or 0) - (before.ended_at or 0) for before, after in pairwise(passed))
    assert rests_us[0] >= 0
    assert rests_us[4] < 400_000
