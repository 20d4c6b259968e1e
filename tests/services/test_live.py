"""Watching a room: every event once and in order, with a living Redis, a dead one, and one that loses things."""

import asyncio

import orjson
import pytest

from engine.core.errors import InvalidInput, NotFound
from engine.live.feed import Published
from engine.live.frames import Batch
from engine.services import history, live, runs
from engine.services.live import Place, first_place, follow, place_of
from engine.store import journal
from tests.fixtures.drawings import drawing
from tests.fixtures.runtimes import open_movable
from tests.runner.conftest import Place as Stage

DRAWN = drawing("start > a > b > end")


@pytest.fixture(params=["living", "dead"])
def stage(request, sqlite_url, tmp_path, admin):
    """A runtime with a runner in it, on SQLite, with and without Redis."""
    redis = (
        request.getfixturevalue("redis_url") if request.param == "living" else f"unix://{tmp_path}/no.sock"
    )
    rt = open_movable(sqlite_url, redis, tmp_path)
    placed = Stage(rt, admin)
    yield placed
    placed.runner.stop()
    rt.close()


async def watched(rt, user, room_id, place, until):
    """The events after `place` up to the one that `until` says yes to."""
    seen = []
    async with asyncio.timeout(20):
        async for news in follow(rt, user, room_id, place):
            seen += news
            if news and until(news[-1][1]):
                return seen
    return seen


def is_the_end(event):
    return event["type"] == "ROOM_COMPLETED"


def run_to_its_end(stage, room):
    return stage.over(stage.start(room).id).id


def test_a_watcher_sees_every_event_of_a_run_that_goes_on_under_its_eyes(stage, admin):
    room = stage.room(DRAWN)

    async def watch():
        watching = asyncio.create_task(watched(stage.rt, admin, room, Place(), is_the_end))
        await asyncio.sleep(0.2)
        run_id = await asyncio.to_thread(run_to_its_end, stage, room)
        return run_id, await watching

    run_id, seen = asyncio.run(watch())

    assert [event for _, event in seen] == history.events(stage.rt, admin, run_id)


def test_whoever_comes_back_gets_what_came_after_the_last_event_seen(stage, admin):
    room = stage.room(DRAWN)
    run_id = run_to_its_end(stage, room)
    whole = history.events(stage.rt, admin, run_id)

    for seen in range(len(whole)):
        place = place_of(stage.rt, admin, room, f"{run_id}:{seen}")
        rest = asyncio.run(watched(stage.rt, admin, room, place, is_the_end))
        assert [event for _, event in rest] == whole[seen:]
        assert [place.id for place, _ in rest] == [f"{run_id}:{event['seq']}" for event in whole[seen:]]
        assert place_of(stage.rt, admin, room, str(seen)) == place, "a number alone is of the latest run"


def test_a_watcher_goes_on_from_run_to_run_without_gap_or_repeat(stage, admin):
    room = stage.room(DRAWN)
    first, second = run_to_its_end(stage, room), run_to_its_end(stage, room)
    place = place_of(stage.rt, admin, room, f"{first}:1")

    seen = asyncio.run(
        watched(stage.rt, admin, room, place, lambda event: is_the_end(event) and event["run_id"] == second)
    )

    whole = history.events(stage.rt, admin, first)[1:] + history.events(stage.rt, admin, second)
    assert [event for _, event in seen] == whole


def test_a_run_in_line_is_told_of_after_the_one_before_it(stage, admin):
    room = stage.room(drawing("start > wait > end", wait={"config": {"duration_s": 0.5}}), queue_runs=True)
    first = runs.start(stage.rt, admin, room)
    second = runs.start(stage.rt, admin, room)
    stage.runner.activate(first.id)

    async def watch():
        return await watched(
            stage.rt, admin, room, Place(), lambda event: is_the_end(event) and event["run_id"] == second.id
        )

    seen = [event for _, event in asyncio.run(watch())]

    assert seen == [
        *history.events(stage.rt, admin, first.id),
        *history.events(stage.rt, admin, second.id),
    ]


def test_batches_that_are_lost_doubled_or_forged_change_nothing(redis_url, sqlite_url, tmp_path, admin):
    rt = open_movable(sqlite_url, redis_url, tmp_path)
    stage = Stage(rt, admin)
    room = stage.room(DRAWN)

    def disturb(run_id):
        seq = runs.get(rt, admin, run_id).seq
        for forged in (1, seq, seq + 1, seq + 1, seq + 99):
            rows = [{"seq": forged, "at_us": 0, "body": {"ev": [{"t": "LIES"}]}}]
            rt.feed.publish([Published(run_id, room, forged, "RUNNING", orjson.dumps({"rows": rows}))])
            rt.feed.publish([Published(run_id, room, forged, "RUNNING", b"7")])

    async def watch():
        run_id = await asyncio.to_thread(run_to_its_end, stage, room)
        place = first_place(rt, admin, room, from_now=True)
        watching = asyncio.create_task(watched(rt, admin, room, place, is_the_end))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(disturb, run_id)
        second = await asyncio.to_thread(run_to_its_end, stage, room)
        return second, await watching

    second, seen = asyncio.run(watch())
    stage.runner.stop()
    rt.close()

    assert [event for _, event in seen] == history.events(rt, admin, second)


def test_watching_begins_with_the_latest_run_or_after_it(stage, admin):
    room = stage.room(DRAWN)
    assert first_place(stage.rt, admin, room, from_now=False) == Place()
    run_to_its_end(stage, room)
    run_id = run_to_its_end(stage, room)
    seq = runs.get(stage.rt, admin, run_id).seq

    assert first_place(stage.rt, admin, room, from_now=False) == Place(run_id, 2, 0)
    assert first_place(stage.rt, admin, room, from_now=True) == Place(run_id, 2, seq)


def test_an_id_of_no_event_is_refused(stage, admin):
    room, other = stage.room(DRAWN), stage.room(DRAWN)
    run_id = run_to_its_end(stage, room)

    for wrong in ("", ":", "ghost:1", run_id, f"{run_id}:x", f"{run_id}:-1", f"{run_id}:9999", "1:²"):
        with pytest.raises(InvalidInput):
            place_of(stage.rt, admin, room, wrong)
    with pytest.raises(InvalidInput):
        place_of(stage.rt, admin, other, f"{run_id}:1")
    with pytest.raises(NotFound):
        first_place(stage.rt, admin, "ghost", from_now=False)


def test_words_that_redis_made_up_are_nobodys():
    said = {
        "run_id": "r1",
        "node_id": "a",
        "step": 1,
        "activation": "1",
        "attempt": 1,
        "turn": 0,
        "at": 0,
        "text": "Hi",
    }

    assert live._delta_of(Batch("ephemeral", "r1", data=said)) == live.Delta(**said)
    for wrong in (None, [], "Hi", {}, {**said, "text": 5}, {**said, "more": 1}, {**said, "run_id": "r2"}):
        assert live._delta_of(Batch("ephemeral", "r1", data=wrong)) is None


def test_silence_is_broken_by_an_empty_answer(stage, admin, monkeypatch):
    monkeypatch.setattr(live, "SILENCE_S", 0.05)
    room = stage.room(DRAWN)

    async def first_two():
        news = follow(stage.rt, admin, room, Place())
        try:
            return [await anext(news), await anext(news)]
        finally:
            await news.aclose()

    assert asyncio.run(first_two()) == [[], []]


def test_a_log_is_read_in_pieces_and_few_are_kept_however_much_steps_give(stage, admin, monkeypatch):
    rest = {"config": {"duration_s": 0.01}}
    room = stage.room(drawing("start > wait1 > wait2 > wait3 > end", wait1=rest, wait2=rest, wait3=rest))
    first, second = run_to_its_end(stage, room), run_to_its_end(stage, room)
    whole = history.events(stage.rt, admin, first) + history.events(stage.rt, admin, second)
    steps, replayed = (ask(stage.rt, admin, first) for ask in (history.steps, history.replay_run))
    monkeypatch.setattr(journal, "PIECE_BYTES", 2000)
    monkeypatch.setattr(journal, "FEW", 1)
    monkeypatch.setattr(live, "KEPT_BYTES", 2500)

    async def watch():
        def is_the_last(event):
            return is_the_end(event) and event["run_id"] == second

        seen = await watched(stage.rt, admin, room, Place(first, 1), is_the_last)
        reading = live._readings[asyncio.get_running_loop()]
        kept = [read.size for read in reading._kept.values()]
        assert 0 < reading.kept_bytes == sum(kept) <= 2500
        return [event for _, event in seen]

    assert asyncio.run(watch()) == whole
    assert history.steps(stage.rt, admin, first) == steps
    assert history.replay_run(stage.rt, admin, first) == replayed
    pages = [history.steps(stage.rt, admin, first, first=at, most=2) for at in range(6)]
    assert pages == [steps[at : at + 2] for at in range(6)]


def test_a_piece_of_a_log_is_what_comes_next_and_no_more_than_fits(stage, monkeypatch):
    rest = {"config": {"duration_s": 0.01}}
    run_id = run_to_its_end(stage, stage.room(drawing("start > wait1 > wait2 > end", wait1=rest, wait2=rest)))
    monkeypatch.setattr(journal, "PIECE_BYTES", 2000)
    with stage.rt.db.look() as hot:
        rows = journal.rows_after(hot, run_id, 0)
        for seq in range(rows[-1].seq + 1):
            for upto in range(seq, rows[-1].seq + 1):
                piece = journal.piece_after(hot, run_id, seq, upto)
                wanted = journal.rows_of_facts(hot, run_id, seq, upto) if upto > seq else []
                assert piece == wanted[: len(piece)]
                assert bool(piece) == bool(wanted)
                assert sum(len(row.body) for row in piece[:-1]) < 2000
