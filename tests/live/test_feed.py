import os
import signal
import threading
import time
from contextlib import closing

import orjson
from redis import Redis

from engine.live import feed as feed_module
from engine.live import link
from engine.live.bell import Bell
from engine.live.feed import Feed
from engine.live.frames import Batch, Published
from tests.live.conftest import heard_by, listen, wait_until


def published(seq: int = 1, run_id: str = "r1", **changes) -> Published:
    values = {
        "room_id": "m1",
        "status": "RUNNING",
        "payload": b'[{"seq":%d}]' % seq,
        "summary": {"node": "a"},
    }
    return Published(run_id=run_id, seq=seq, **values | changes)


def test_a_batch_is_hot_and_stands_in_the_stream_of_its_run(feed):
    assert feed.publish([published(3)])

    assert feed.hot("r1") == {"run_id": "r1", "room_id": "m1", "seq": 3, "status": "RUNNING", "node": "a"}
    assert feed.recent("r1") == [
        Batch("events", run_id="r1", room_id="m1", seq=3, status="RUNNING", data=[{"seq": 3}])
    ]


def test_what_redis_does_not_know_is_none(feed):
    assert feed.hot("ghost") is None
    assert feed.recent("ghost") == []


def test_many_runs_are_published_in_one_round(feed):
    feed.publish([published(seq, run_id=f"r{seq}") for seq in range(1, 200)])

    assert feed.hot("r199")["seq"] == 199


def test_the_hot_state_never_goes_back(feed, redis):
    with redis.pubsub() as rooms:
        listen(rooms, "rooms")
        feed.publish([published(5, status="COMPLETED"), published(4), published(5)])
        assert len(heard_by(rooms)) == 1

    assert feed.hot("r1")["status"] == "COMPLETED"


def test_a_stream_is_capped_and_everything_expires(feed, redis, monkeypatch):
    monkeypatch.setattr(feed_module, "STREAM_BATCHES", 100)

    feed.publish([published(seq) for seq in range(1, 1001)])

    assert 100 <= redis.xlen("live:r1") < 250
    assert feed.recent("r1")[-1].seq == 1000
    assert all(0 < redis.ttl(key) <= feed_module.HOT_TTL_S for key in redis.scan_iter())


def test_a_large_batch_is_shown_and_not_kept(feed, redis):
    with redis.pubsub() as watcher:
        listen(watcher, "live:r1")
        feed.publish([published(1, payload=orjson.dumps(["x" * 100_000]))])
        (heard,) = heard_by(watcher)

    assert len(heard["data"]) > 100_000
    assert feed.recent("r1") == []
    assert feed.hot("r1")["seq"] == 1


def test_a_dead_redis_costs_nothing_and_is_counted(tmp_path, caplog):
    with closing(Feed(f"unix://{tmp_path}/none.sock")) as feed:
        begun = time.monotonic()
        assert not any(feed.publish([published(seq)]) for seq in range(1000))
        assert not feed.control("w1", {"kind": "cancel"})
        assert feed.hot("r1") is None
        assert feed.recent("r1") == []
        assert feed.ping() is None
        feed.heal()

    assert time.monotonic() - begun < 20  # a wait of its own for each would be minutes
    assert feed.failures == 1005
    assert caplog.text.count("going on without it") == 1


def test_a_redis_that_hangs_costs_one_timeout_and_then_rests(own_redis):
    with closing(Feed(own_redis.url)) as feed:
        assert feed.publish([published(1)])
        os.kill(own_redis.pid, signal.SIGSTOP)
        begun = time.monotonic()
        assert not any(feed.publish([published(seq)]) for seq in range(2, 100))
        os.kill(own_redis.pid, signal.SIGCONT)

    assert time.monotonic() - begun < 20 * link.ANSWER_TIMEOUT_S  # not one for each of 98


def test_publishing_goes_on_after_a_kill_and_says_that_something_was_lost(own_redis):
    with closing(Feed(own_redis.url)) as feed:
        feed.publish([published(1)])
        os.kill(own_redis.pid, signal.SIGKILL)
        wait_until(lambda: not feed.publish([published(2)]))
        wait_until(own_redis.revive)
        with Redis.from_url(own_redis.url) as redis, redis.pubsub() as watcher:
            listen(watcher, "gaps")
            wait_until(lambda: feed.publish([published(3)]))
            assert len(heard_by(watcher)) == 1
        assert feed.hot("r1")["seq"] == 3


def test_after_a_failover_nothing_stays_with_the_server_that_takes_no_writes_any_more(
    own_redis, tmp_path, redis_url
):
    """Both have one address, which leads to the new one now."""
    address = tmp_path / "redis.link"
    address.symlink_to(own_redis.url.removeprefix("unix://"))
    with closing(Feed(f"unix://{address}")) as feed, closing(Bell(feed.url, b"key")) as bell:
        assert feed.publish([published(1)])
        assert bell.ring("r1")
        bell.huey.room = lambda: 1
        assert bell.huey.dequeue()
        with Redis.from_url(own_redis.url) as old:
            old.replicaof("127.0.0.1", 1)
        address.unlink()
        address.symlink_to(redis_url.removeprefix("unix://"))

        wait_until(lambda: feed.publish([published(2)]))
        wait_until(lambda: bell.ring("r2"))
        wait_until(bell.huey.dequeue)
        assert feed.failures + bell.failures > 0


def test_a_lost_batch_is_told_by_the_next_sweep_even_if_nothing_else_is_published(own_redis):
    with closing(Feed(own_redis.url)) as feed:
        feed.publish([published(1)])
        os.kill(own_redis.pid, signal.SIGKILL)
        wait_until(lambda: not feed.publish([published(2)]))
        wait_until(own_redis.revive)
        with Redis.from_url(own_redis.url) as redis, redis.pubsub() as watcher:
            listen(watcher, "gaps")
            time.sleep(link.REST_S)
            feed.heal()
            feed.heal()
            assert len(heard_by(watcher)) == 1


def test_wiping_redis_loses_the_cache_and_nothing_else(feed, redis):
    feed.publish([published(1)])
    redis.flushall()
    redis.script_flush()

    assert feed.publish([published(2)])
    assert feed.hot("r1")["seq"] == 2


def test_a_planted_key_of_another_type_spoils_its_run_alone(feed, redis):
    redis.set("live:r1", "planted")
    redis.set("hot:r2", "planted")

    assert not feed.publish([published(1, run_id="r1"), published(1, run_id="r2"), published(1, run_id="r3")])

    assert feed.hot("r3")["seq"] == 1
    assert feed.failures == 2


def test_garbage_in_the_cache_is_unknown_and_no_error(feed, redis):
    redis.hset("hot:r1", mapping={"seq": 1, "f": b'{"kind":"status","data":[]}'})
    redis.hset("hot:r2", mapping={"seq": 1, "f": b"\xff"})
    redis.xadd("live:r1", {"f": b"[]", "g": b"1"})
    redis.xadd("live:r1", {"f": b'{"kind":"events","seq":"1"}'})
    redis.xadd("live:r1", {"f": b'{"kind":"events","evil":1}'})

    assert feed.hot("r1") is None
    assert feed.hot("r2") is None
    assert feed.recent("r1") == []


def test_threads_can_share_a_feed(feed):
    def work(name):
        for seq in range(1, 101):
            assert feed.publish([published(seq, run_id=name)])

    threads = [threading.Thread(target=work, args=(f"r{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [feed.hot(f"r{number}")["seq"] for number in range(8)] == [100] * 8
    assert feed.failures == 0


def test_ping_tells_milliseconds(feed):
    assert 0 < feed.ping() < 60_000
