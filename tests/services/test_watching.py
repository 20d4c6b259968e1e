"""A room's status comes with its events, and a watcher can be held to one run."""

import asyncio
from contextlib import aclosing

import pytest

from engine.core.errors import NotFound
from engine.core.hook import Call, NewHook
from engine.core.run import RunStatus
from engine.core.schedule import NewSchedule
from engine.live import hub
from engine.runner import firing
from engine.services import calls, control, history, hooks, live, runs, schedules, watching
from engine.services.live import Place as Seen
from engine.store import workers
from tests.fixtures.drawings import drawing
from tests.fixtures.runtimes import SECOND, open_movable
from tests.runner.conftest import Place, Rooms

SHORT = drawing("start > a > end")
RESTING = drawing("start > wait > end", wait={"config": {"duration_s": 600}})


@pytest.fixture
def place(sqlite_url, tmp_path, admin):
    rt = open_movable(sqlite_url, f"unix://{tmp_path}/nobody.sock", tmp_path)
    placed = Place(rt, admin)
    yield placed
    placed.runner.stop()
    rt.close()


async def told_until(news, is_last, told=None):
    """Events and statuses as they were told, up to the one that `is_last` says yes to; `told` fills meanwhile."""
    told = [] if told is None else told
    async with asyncio.timeout(20), aclosing(news):
        async for item in news:
            told += [event for _, event in item.events]
            if item.status:
                told.append(item.status)
            if told and is_last(told[-1]):
                return told
    return told


def has_status(status, run_id=None):
    return lambda item: item.get("status") == status and run_id in (None, item["run_id"])


def test_a_status_follows_the_events_that_brought_it(place, admin):
    room = place.room(RESTING)

    async def watch():
        news = watching.watch_room(place.rt, admin, room, Seen())
        heard = []
        waiting = asyncio.create_task(told_until(news, has_status("CANCELLED"), heard))
        while not heard:
            await asyncio.sleep(0.01)
        run = await asyncio.to_thread(place.start, room)
        while not any(has_status("WAITING")(item) for item in heard):
            await asyncio.sleep(0.05)  # without redis the watcher looks once a second
        await asyncio.to_thread(control.cancel, place.rt, admin, room)
        await asyncio.to_thread(place.runner.activate, run.id)
        return await waiting

    told = asyncio.run(watch())
    kinds = [item.get("type") or item["status"] for item in told]
    assert kinds[0] == "IDLE"
    assert kinds.index("WAIT_STARTED") < kinds.index("WAITING") < kinds.index("ROOM_CANCELLED")
    assert kinds[-2:] == ["ROOM_CANCELLED", "CANCELLED"]


def test_whoever_is_held_to_one_run_hears_no_events_of_others_but_the_rooms_status(place, admin):
    room = place.room(SHORT)
    first = place.over(place.start(room).id)

    async def watch():
        news = watching.watch_room(place.rt, admin, room, Seen(first.id, 1), one_run=True)
        heard = []
        waiting = asyncio.create_task(
            told_until(news, lambda item: item.get("number") == 2 and has_status("COMPLETED")(item), heard)
        )
        while not any(item.get("status") for item in heard):
            await asyncio.sleep(0.01)
        await asyncio.to_thread(lambda: place.over(place.start(room).id))
        return await waiting

    told = asyncio.run(watch())
    assert [item for item in told if "seq" in item] == history.events(place.rt, admin, first.id)
    assert next(item["number"] for item in told if "seq" not in item) == 1


def test_a_run_is_watched_to_its_end(place, admin):
    room = place.room(SHORT)
    run = place.over(place.start(room).id)

    async def watch(after):
        return await told_until(watching.watch_run(place.rt, admin, run, after), lambda _: False)

    whole = history.events(place.rt, admin, run.id)
    assert [item for item in asyncio.run(watch(2)) if "seq" in item] == whole[2:]
    assert [item for item in asyncio.run(watch(len(whole))) if "seq" in item] == []


def test_watching_begins_at_the_run_that_holds_the_room(place, admin):
    room = place.room(RESTING, queue_runs=True)
    assert watching.begin(place.rt, admin, room) == Seen()
    first = place.start(room)
    runs.start(place.rt, admin, room)
    assert watching.begin(place.rt, admin, room) == Seen(first.id, 1)
    with pytest.raises(NotFound):
        watching.begin(place.rt, admin, "ghost")


def test_a_run_that_nobody_could_move_says_so_unless_people_hold_it(place, admin):
    waiting, held = (place.start(place.room(RESTING)) for _ in range(2))
    control.pause(place.rt, admin, held.room_id)
    place.runner.activate(held.id)
    place.until(held.id, lambda run: run.status is RunStatus.PAUSED)

    def told():
        return [watching.room_status(place.rt, admin, run.room_id)["has_workers"] for run in (waiting, held)]

    assert told() == [True, True]
    place.runner._lease._stopping.set()  # who lives renews it
    place.runner._lease._thread.join()
    with place.rt.db.write() as session:
        workers.expire(session, worker_id=place.runner.worker_id)
    assert told() == [False, True]


def test_a_run_that_no_worker_takes_is_told_of_at_once_however_it_was_queued(
    redis_url, sqlite_url, tmp_path, admin, monkeypatch
):
    for gap in ("SAFETY_GAP_S", "DOWN_GAP_S"):
        monkeypatch.setattr(hub, gap, 600)  # nobody looks but who is told to
    rt = open_movable(sqlite_url, redis_url, tmp_path)
    room = Rooms(rt, admin).room(RESTING, queue_runs=True)
    address = hooks.create(rt, admin, room, NewHook(name="Hook")).url.rpartition("/")[2]
    schedule = schedules.create(rt, admin, room, NewSchedule(name="Soon", cron="* * * * *", overlap="queue"))

    def fire():
        rt.move_clock(schedules.get(rt, admin, schedule.id).next_due_at - rt.now_us() + SECOND)
        firing.fire_due(rt, rt.now_us())

    ways = (
        lambda: runs.start(rt, admin, room),
        lambda: calls.take(rt, address, Call("application/json", {}, [], b"{}")),
        fire,
        lambda: control.cancel_run(rt, admin, runs.list_runs(rt, admin).items[0].id),
    )

    async def watch():
        told = []
        async with asyncio.timeout(20), aclosing(watching.watch_room(rt, admin, room, Seen())) as news:
            told.append((await anext(news)).status)
            coming = asyncio.ensure_future(anext(news))
            while not live.hub(rt).is_connected or coming.done():
                coming = asyncio.ensure_future(anext(news)) if coming.done() else coming
                await asyncio.sleep(0.1)
            for way in ways:
                await asyncio.to_thread(way)
                while (await coming).status is None:
                    coming = asyncio.ensure_future(anext(news))
                told.append(coming.result().status)
                coming = asyncio.ensure_future(anext(news))
            coming.cancel()
            await asyncio.wait({coming})
        await live.hub(rt).close()
        return [
            tuple(status[name] for name in ("status", "number", "in_line", "has_workers")) for status in told
        ]

    told = asyncio.run(watch())
    rt.close()
    assert told == [("IDLE", None, 0, True), *(("QUEUED", 1, behind, False) for behind in (0, 1, 2, 1))]
