"""Schedules, hooks and subscriptions on two workers of which one dies: each due time fired once, each delivery one run, no event untold."""

import time
from collections import Counter

import httpx
import pytest

from engine.core.events import EventType
from engine.core.hook import NewHook
from engine.core.schedule import NewSchedule
from engine.core.subscription import NewSubscription
from engine.failpoints import Point
from engine.services import history, hooks, runs, schedules, subscriptions
from tests.app.conftest import free_port
from tests.crash.installation import ME, Installation, all_over, until
from tests.crash.workflows import one_effect
from tests.fixtures.receiver import receiving

pytestmark = pytest.mark.crash

SECOND = 1_000_000
LATE = 6
"""Due times that lie in the past when the workers come."""
ENDS = (EventType.ROOM_STARTED, EventType.ROOM_COMPLETED)


@pytest.mark.parametrize("point", [Point.IN_FIRE_SCHEDULE, Point.AFTER_FIRE_SCHEDULE])
def test_each_due_time_is_fired_once_though_a_worker_dies_firing(place: Installation, point: Point) -> None:
    room_id = place.room(one_effect(), queue_runs=True)
    new = NewSchedule(name="Each second", cron="* * * * * *", overlap="queue", catch_up="all")
    schedule = schedules.create(place.rt, ME, room_id, new)
    first_us = (schedule.next_due_at or 0) - LATE * SECOND
    with place.rt.db.change() as hot:
        hot.run("UPDATE schedule SET next_due_us = ? WHERE id = ?", first_us, schedule.id)
    first, second = place.worker(f"{point}:2"), place.worker(f"{point}:3")

    until(lambda: not (first.is_alive() and second.is_alive()))
    dead = first if not first.is_alive() else second
    place.dies(dead)
    place.worker(replaces=dead)
    until(lambda: len(_due(place, schedule.id)) > LATE)
    due = _due(place, schedule.id)
    schedules.delete(place.rt, ME, schedule.id)

    assert due == list(range(first_us, first_us + len(due) * SECOND, SECOND))
    begun = runs.list_runs(place.rt, ME, runs.Sought(room_id=room_id)).items
    with place.rt.db.look() as hot:
        asked = [row[0] for row in hot.all("SELECT request_id FROM run WHERE room_id = ?", room_id)]
    assert len(begun) >= len(due)
    assert {f"schedule:{schedule.id}:{due_us}" for due_us in due} <= set(asked)
    assert len(asked) == len(set(asked))
    assert all_over(place, [run.id for run in begun], 20) == []


def _due(place: Installation, schedule_id: str) -> list[int]:
    """When each of its firings was due (us), the first one first."""
    return [one.due_at for one in reversed(schedules.firings(place.rt, ME, schedule_id).items)]


def test_each_delivery_starts_one_run_and_no_event_stays_untold(place: Installation) -> None:
    place.extra["OPENROOMS_HTTP_ALLOW"] = "127.0.0.1"
    room_id, port = place.room(one_effect(), queue_runs=True), free_port()
    object.__setattr__(place.rt.settings, "http_allow", "127.0.0.1")
    made = hooks.create(place.rt, ME, room_id, NewHook(name="Hook"))
    with receiving(lambda number, _told: 500 if number in {0, 3} else 200) as receiver:
        told = NewSubscription(name="Ear", url=receiver.url, events=ENDS, room_id=room_id)
        receiver.key = subscriptions.create(place.rt, ME, told).secret
        first, web = place.worker(Point.AFTER_SEND + ":4"), place.api(port, f"{Point.IN_START}:3")

        def again() -> None:
            place.dies(web)
            place.api(port)

        started = _deliver_all(f"http://127.0.0.1:{port}{made.url}", again)
        place.dies(first)
        place.worker(replaces=first)

        begun = runs.list_runs(place.rt, ME, runs.Sought(room_id=room_id)).items
        assert sorted(started) == sorted(run.id for run in begun)
        assert all_over(place, [run.id for run in begun], 30) == []
        wanted = [
            event for run in begun for event in history.events(place.rt, ME, run.id) if event["type"] in ENDS
        ]
        until(lambda: len({one["id"] for one in receiver.taken}) == len(wanted), 30)

    assert not receiver.faults
    by_id = {one["id"]: one["event"] for one in receiver.taken}
    key = lambda event: (event["run_id"], event["seq"])  # noqa: E731
    assert sorted(by_id.values(), key=key) == sorted(wanted, key=key)
    doubled = [id_ for id_, count in Counter(one["id"] for one in receiver.taken).items() if count > 1]
    assert len(doubled) <= 32, "only what was being sent when the worker died may come twice"


def _deliver_all(url: str, again, count: int = 6) -> set[str]:  # type: ignore[no-untyped-def]
    """Send each delivery until it is answered, and once more; the runs they started."""
    started, end, broken = set(), time.monotonic() + 30, 0
    for number in range(count):
        taken: list[str] = []
        while len(taken) < 2:
            assert time.monotonic() < end
            try:
                answer = httpx.post(
                    url,
                    json={"n": number},
                    headers={"X-OpenRooms-Delivery": f"d-{number}"},
                    timeout=20,
                    trust_env=False,
                )
            except httpx.ConnectError:
                time.sleep(0.02)
            except httpx.TransportError:
                broken += 1
                again()
            else:
                assert answer.status_code == 202, answer.text
                taken.append(answer.json()["run_id"])
        assert taken[0] == taken[1]
        started.add(taken[0])
    assert broken == 1
    return started
