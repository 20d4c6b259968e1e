import asyncio
import os
import signal
from contextlib import asynccontextmanager, closing

import pytest
from redis import Redis

from engine.live import hub as hub_module
from engine.live.feed import Feed
from engine.live.frames import GAP, Batch, Published
from engine.live.hub import QUEUE_BATCHES, Hub, Subscription
from engine.live.words import Speaker
from tests.live.conftest import wait_until

WAIT_S = 20
"""Patience with a busy machine."""


@pytest.fixture(autouse=True)
def no_gaps_without_a_reason(monkeypatch):
    monkeypatch.setattr(hub_module, "SAFETY_GAP_S", 600)


@asynccontextmanager
async def open_hub(url):
    hub = Hub(url)
    try:
        yield hub
    finally:
        await hub.close()


def published(seq=1, run_id="r1", room_id="m1", first=0):
    return Published(run_id, room_id, seq, "RUNNING", b'[{"seq":%d}]' % seq, {"node": "a"}, first)


async def live(hub, *subscriptions):
    """Wait until each has had its gaps: joined, and connected. What is dropped comes after that."""
    with Redis.from_url(hub._url) as redis:
        for subscription in subscriptions:
            async with asyncio.timeout(WAIT_S):
                while not redis.publish(subscription.channel, b"nothing of ours"):
                    await asyncio.sleep(0.002)
                while not hub.dropped:
                    await asyncio.sleep(0.002)
            hub.dropped = 0
            while subscription._waiting:
                assert await subscription.get() == GAP


async def first(count, subscription):
    """By iteration, as a page reads it."""
    async for batch in subscription:
        yield batch
        count -= 1
        if not count:
            return


async def seqs(subscription, count):
    return [(await subscription.get(WAIT_S)).seq for _ in range(count)]


def test_a_subscriber_gets_what_is_published_of_its_run(feed, redis_url):
    async def scenario():
        async with open_hub(redis_url) as hub, hub.subscribe(run_id="r1") as heard:
            await live(hub, heard)
            feed.publish([published(1), published(1, run_id="other"), published(2)])
            return [batch async for batch in first(2, heard)][-1]

    assert asyncio.run(scenario()) == Batch("events", "r1", "m1", 2, 0, "RUNNING", [{"seq": 2}])


def test_rooms_and_lists_hear_their_part(feed, redis_url):
    async def scenario():
        async with (
            open_hub(redis_url) as hub,
            hub.subscribe(room_id="m1") as room,
            hub.subscribe() as everything,
        ):
            await live(hub, room, everything)
            feed.publish([published(1), published(1, run_id="r2", room_id="m2")])
            feed.voice(Speaker("r1", "m1", "ask", 2, "2", 1))("Hel", turn=0)
            return [await room.get(WAIT_S) for _ in range(2)], [
                await everything.get(WAIT_S) for _ in range(2)
            ]

    room, everything = asyncio.run(scenario())
    assert [(batch.kind, batch.run_id) for batch in room] == [("events", "r1"), ("ephemeral", "r1")]
    assert [(batch.kind, batch.run_id, batch.data) for batch in everything] == [
        ("status", "r1", {"node": "a"}),
        ("status", "r2", {"node": "a"}),
    ]


def test_all_subscribers_share_one_connection(feed, redis_url, redis: Redis):
    async def scenario():
        async with open_hub(redis_url) as hub:
            async with (
                hub.subscribe(run_id="r1") as one,
                hub.subscribe(run_id="r1") as two,
                hub.subscribe(run_id="r2") as three,
                hub.subscribe() as four,
            ):
                await live(hub, one, two, three, four)
                feed.publish([published(7)])
                assert await seqs(one, 1) == await seqs(two, 1) == await seqs(four, 1) == [7]
                listeners = [c for c in redis.client_list() if int(c["sub"])]
                channels = set(redis.pubsub_channels())
            async with asyncio.timeout(WAIT_S):
                while set(redis.pubsub_channels()) != {b"gaps"}:
                    await asyncio.sleep(0.005)
            return len(listeners), channels

    assert asyncio.run(scenario()) == (1, {b"gaps", b"live:r1", b"live:r2", b"rooms"})


def test_who_joins_at_the_same_time_as_others_leave_still_hears(feed, redis_url):
    async def visit(hub):
        async with hub.subscribe(run_id="r1"):
            await asyncio.sleep(0)

    async def scenario():
        async with open_hub(redis_url) as hub:
            await asyncio.gather(*(visit(hub) for _ in range(50)))
            async with hub.subscribe(run_id="r1") as heard:
                await live(hub, heard)
                await asyncio.gather(*(visit(hub) for _ in range(50)))
                feed.publish([published(1)])
                return await seqs(heard, 1)

    assert asyncio.run(scenario()) == [1]


def test_a_death_of_redis_is_bridged_by_gaps_and_then_it_goes_on(own_redis, monkeypatch):
    monkeypatch.setattr(hub_module, "DOWN_GAP_S", 0.05)

    async def scenario():
        with closing(Feed(own_redis.url)) as feed:
            async with open_hub(own_redis.url) as hub, hub.subscribe(run_id="r1") as heard:
                await live(hub, heard)
                await asyncio.sleep(0.2)  # until the hub reminds rarely, since all is well
                os.kill(own_redis.pid, signal.SIGKILL)
                gaps = [await heard.get(WAIT_S) for _ in range(3)]
                assert not hub.is_connected
                await asyncio.to_thread(wait_until, own_redis.revive)
                async with asyncio.timeout(WAIT_S):
                    while not hub.is_connected:
                        gaps.append(await heard.get(WAIT_S))
                await live(hub, heard)
                await asyncio.to_thread(wait_until, lambda: feed.publish([published(9)]))
                while (batch := await heard.get(WAIT_S)) == GAP:
                    pass
                return gaps, batch.seq

    gaps, seq = asyncio.run(scenario())
    assert set(gaps) == {GAP}
    assert seq == 9


def test_a_hub_that_starts_before_redis_has_its_readers_look_into_sql(tmp_path, monkeypatch):
    monkeypatch.setattr(hub_module, "DOWN_GAP_S", 0.02)

    async def scenario():
        async with open_hub(f"unix://{tmp_path}/none.sock") as hub, hub.subscribe(run_id="r1") as heard:
            return [await heard.get(WAIT_S) for _ in range(4)]

    assert asyncio.run(scenario()) == [GAP] * 4


def test_what_a_publisher_lost_becomes_a_gap_for_everybody(redis_url, redis):
    async def scenario():
        async with open_hub(redis_url) as hub, hub.subscribe(run_id="r1") as one, hub.subscribe() as two:
            await live(hub, one, two)
            redis.publish("gaps", b"")
            return await one.get(WAIT_S), await two.get(WAIT_S)

    assert asyncio.run(scenario()) == (GAP, GAP)


def test_what_was_never_handed_to_the_feed_becomes_a_gap_too(feed, redis_url):
    async def scenario():
        async with open_hub(redis_url) as hub, hub.subscribe(run_id="r1") as heard:
            await live(hub, heard)
            feed.note_loss()
            feed.heal()
            return await heard.get(WAIT_S)

    assert asyncio.run(scenario()) == GAP


def test_a_worker_that_died_before_it_published_is_noticed_in_the_end(redis_url, monkeypatch):
    monkeypatch.setattr(hub_module, "SAFETY_GAP_S", 0.05)
    monkeypatch.setattr(hub_module, "DOWN_GAP_S", 0.05)

    async def scenario():
        async with open_hub(redis_url) as hub, hub.subscribe(run_id="r1") as heard:
            await live(hub, heard)
            return await heard.get(WAIT_S)

    assert asyncio.run(scenario()) == GAP


def test_a_missing_batch_shows_as_a_gap_before_the_next(feed, redis_url):
    async def scenario():
        async with open_hub(redis_url) as hub, hub.subscribe(run_id="r1") as heard:
            await live(hub, heard)
            feed.publish([published(3, first=1), published(5, first=4), published(9, first=8)])
            return await seqs(heard, 4)

    assert asyncio.run(scenario()) == [3, 5, 0, 9]


@pytest.mark.parametrize("junk", [b"", b"\xff", b"[]", b'{"kind":"evil"}', b'{"kind":"events","seq":"1"}'])
def test_garbage_is_dropped_and_counted(feed, redis_url, redis, junk):
    async def scenario():
        async with open_hub(redis_url) as hub, hub.subscribe(run_id="r1") as heard:
            await live(hub, heard)
            redis.publish("live:r1", junk)
            feed.publish([published(2)])
            return await seqs(heard, 1), hub.dropped

    assert asyncio.run(scenario()) == ([2], 1)


def test_a_reader_that_is_too_slow_finds_one_gap_and_then_the_newest():
    async def scenario():
        slow = Subscription("live:r1")
        for seq in range(1, QUEUE_BATCHES * 3 + 3):
            slow.put(Batch("events", "r1", seq=seq, first=seq))
        heard = []
        while (batch := await slow.get(0.01)) is not None:
            heard.append(batch)
        return heard

    heard = asyncio.run(scenario())
    assert heard[0] == GAP
    assert heard.count(GAP) == 1
    assert len(heard) <= QUEUE_BATCHES
    assert heard[-1].seq == QUEUE_BATCHES * 3 + 2


def test_words_that_nobody_has_time_to_read_push_no_event_aside():
    async def scenario():
        slow = Subscription("room:m1")
        slow.put(Batch("events", "r1", seq=1, first=1))
        for _ in range(QUEUE_BATCHES * 2):
            slow.put(Batch("ephemeral", "r1"))
        return [await slow.get(0.01) for _ in range(QUEUE_BATCHES + 1)]

    heard = asyncio.run(scenario())
    assert [batch.kind for batch in heard[:3]] == ["gap", "events", "ephemeral"]
    assert heard[-1] is None


def test_waiting_for_a_batch_can_be_bounded():
    async def scenario():
        quiet = Subscription("rooms")
        return await quiet.get(), await quiet.get(0.01)

    assert asyncio.run(scenario()) == (GAP, None)
