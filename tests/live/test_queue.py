import os
import pickle
import signal
import threading
import time
from contextlib import closing, contextmanager

import pytest
from redis import Redis

from engine.live import queue
from engine.live.bell import Bell
from engine.live.queue import MAX_BYTES, TAG_BYTES, Refused, SignedJson
from tests.live.conftest import wait_until


@pytest.fixture(autouse=True)
def consumers_that_stop_quickly(monkeypatch):
    monkeypatch.setattr(queue, "POP_WAIT_S", 0.1)


@contextmanager
def listening(bell: Bell, listener=None, threads=2, room=lambda: 1):
    """A real Huey consumer; gives the runs it heard."""
    heard = []
    bell.on_ring(listener or heard.append, room)
    consumer = bell.consumer(threads)
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        yield heard
    finally:
        consumer.stop(graceful=True)
        thread.join()


def queue_key(redis: Redis) -> bytes:
    (key,) = redis.keys("huey.redis.*")
    return key


def message(bell: Bell, run_id: str = "r1") -> bytes:
    return bell.huey.serialize_task(bell.huey.activate.s(run_id))


def test_a_rung_run_reaches_a_listener(bell):
    with listening(bell) as heard:
        assert bell.ring("r1")
        wait_until(lambda: heard == ["r1"])


def test_a_run_rung_twice_waits_once_and_can_be_rung_again_when_taken(bell):
    assert bell.ring("r1")
    assert bell.ring("r1")
    assert bell.queue_length() == 1

    with listening(bell, threads=1) as heard:
        wait_until(lambda: heard == ["r1"])
        assert bell.ring("r1")
        wait_until(lambda: heard == ["r1", "r1"])


def test_higher_priority_goes_first_and_then_who_rang_earlier(bell):
    bell.ring("late")
    time.sleep(0.002)
    bell.ring("later")
    time.sleep(0.002)
    bell.ring("late")
    bell.ring("low", priority=-1)
    bell.ring("urgent", priority=5)
    bell.ring("beyond", priority=10**9)

    with listening(bell, threads=1) as heard:
        wait_until(lambda: heard == ["beyond", "urgent", "late", "later", "low"])


def test_a_listener_that_has_room_hears_several_runs_at_once_in_their_order(bell):
    heard = []
    for run_id in ("r1", "r2", "r3"):
        bell.ring(run_id)
        time.sleep(0.002)
    with listening(bell, lambda *run_ids: heard.append(run_ids), threads=1, room=lambda: 2):
        wait_until(lambda: heard == [("r1", "r2"), ("r3",)])


def test_a_message_that_is_not_ours_takes_none_of_those_popped_with_it(bell, redis):
    bell.ring("r1")
    key = queue_key(redis)
    redis.zadd(key, {b"no message of ours": 1})
    bell.ring("r2")
    heard = []
    with listening(bell, lambda *run_ids: heard.extend(run_ids), threads=1, room=lambda: 8):
        wait_until(lambda: heard == ["r1", "r2"])
    assert bell.refused == 1


def test_a_server_that_may_not_give_several_gives_one_by_one(bell, redis):
    redis.execute_command("ACL", "SETUSER", "default", "-bzmpop")
    try:
        bell.ring("r1")
        bell.ring("r2")
        heard = []
        with listening(bell, lambda *run_ids: heard.append(run_ids), threads=1, room=lambda: 8):
            wait_until(lambda: sorted(heard) == [("r1",), ("r2",)])
    finally:
        redis.execute_command("ACL", "SETUSER", "default", "+bzmpop")


def test_a_listener_without_room_leaves_bells_to_others(bell):
    bell.ring("r1")
    rooms = iter([0, 0])
    heard = []
    with listening(
        bell, lambda *run_ids: heard.append(bell.queue_length()), threads=1, room=lambda: next(rooms, 1)
    ):
        wait_until(lambda: heard == [0])
    assert next(rooms, None) is None


def test_a_run_rung_again_with_a_higher_priority_moves_forward(bell):
    bell.ring("first", priority=1)
    bell.ring("patient")
    bell.ring("patient", priority=2)

    with listening(bell, threads=1) as heard:
        wait_until(lambda: heard == ["patient", "first"])


def test_two_installations_share_a_redis_without_hearing_each_other(bell, redis_url):
    with closing(Bell(redis_url, b"other key")) as other, listening(other) as heard:
        bell.ring("r1")
        other.ring("r2")
        wait_until(lambda: heard == ["r2"])
        assert bell.queue_length() == 1


def forgeries(bell: Bell):
    true = message(bell)
    deep = b'{"task":"activate","run_id":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    signer = bell.huey.serializer
    return {
        "nothing": b"",
        "short": b"x" * TAG_BYTES,
        "random bytes": os.urandom(200),
        "a pickle": pickle.dumps(print),
        "a changed body": true[:-3] + b'2"}',
        "a changed tag": bytes([true[0] ^ 1]) + true[1:],
        "no tag": true[TAG_BYTES:],
        "another's key": SignedJson(b"guess").serialize(
            bell.huey._registry.create_message(bell.huey.activate.s("r1"))
        ),
        "too long": true + b" " * MAX_BYTES,
        "deep, and signed": signer._tag(deep) + deep,
        "another task, and signed": signer._tag(b'{"task":"evil","run_id":"r1"}')
        + b'{"task":"evil","run_id":"r1"}',
        "more words, and signed": signer._tag(b'{"task":"activate","run_id":"r1","x":1}')
        + b'{"task":"activate","run_id":"r1","x":1}',
        "a run id that is none": signer._tag(b'{"task":"activate","run_id":"../x"}')
        + b'{"task":"activate","run_id":"../x"}',
    }


def test_forged_messages_are_refused_counted_and_named_and_the_worker_goes_on_at_once(bell, redis, caplog):
    bell.ring("r0")
    key = queue_key(redis)
    forged = forgeries(bell)
    with listening(bell, threads=1) as heard:
        begun = time.monotonic()
        for rank, data in enumerate(forged.values()):
            redis.zadd(key, {data: rank - 10**15})
        wait_until(lambda: bell.refused == len(forged))
        bell.ring("r1")
        wait_until(lambda: heard == ["r0", "r1"])
        assert time.monotonic() - begun < len(forged) / 2  # Huey rests for a second and more after each

    assert caplog.text.count("A message on the queue was refused") == len(forged)


@pytest.mark.parametrize("name", forgeries(Bell("redis://unused", b"key")))
def test_a_forged_message_never_becomes_a_task(name):
    bell = Bell("redis://unused", b"key")
    with pytest.raises(Refused):
        bell.huey.deserialize_task(forgeries(bell)[name])


def test_a_planted_key_of_another_type_hurts_nobody(bell, redis):
    bell.ring("r0")
    key = queue_key(redis)
    with listening(bell) as heard:
        wait_until(lambda: heard)
        redis.set(key, "planted")
        assert not bell.ring("r1")
        time.sleep(0.5)
        redis.delete(key)
        wait_until(lambda: bell.ring("r2"))
        wait_until(lambda: heard == ["r0", "r2"])


def test_nothing_is_pickled_and_nothing_but_the_queue_is_kept_in_redis(bell, redis, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("pickle")

    monkeypatch.setattr(pickle, "dumps", refuse)
    monkeypatch.setattr(pickle, "loads", refuse)
    keys_at_work, heard = [], []

    def look(run_id):
        keys_at_work.extend(redis.keys())
        bell.ring("r2") if run_id == "r1" else None
        heard.append(run_id)

    with listening(bell, look):
        bell.ring("r1")
        wait_until(lambda: sorted(heard) == ["r1", "r2"])

    assert set(keys_at_work) <= {b"huey.redis." + bell.huey.name.encode()}
    assert redis.keys() == []


def test_a_message_holds_a_signature_a_task_and_a_run_and_no_more(bell):
    assert message(bell)[TAG_BYTES:] == b'{"task":"activate","run_id":"r1"}'


def test_a_listener_that_raises_is_logged_and_the_next_run_is_heard(bell, caplog):
    heard = []

    def listener(run_id):
        heard.append(run_id)
        if run_id == "bad":
            raise ValueError("boom")

    with listening(bell, listener, threads=1):
        bell.ring("bad")
        bell.ring("good")
        wait_until(lambda: heard == ["bad", "good"])
    assert "boom" in caplog.text


def test_a_consumer_without_a_listener_says_so(bell, caplog):
    consumer = bell.consumer(1)
    thread = threading.Thread(target=consumer.run)
    thread.start()
    bell.ring("r1")
    wait_until(lambda: "nobody listens" in caplog.text)
    consumer.stop(graceful=True)
    thread.join()


def test_a_consumer_that_never_ran_can_be_stopped(bell):
    bell.consumer(2).stop(graceful=True)


def test_a_listener_that_is_held_up_does_not_keep_its_worker_from_stopping(bell, monkeypatch):
    monkeypatch.setattr(queue, "LEAVE_S", 0.1)
    is_held, may_go_on = threading.Event(), threading.Event()

    def listener(run_id):
        is_held.set()
        assert may_go_on.wait(60)

    with listening(bell, listener):
        bell.ring("r1")
        assert is_held.wait(20)
        begun = time.monotonic()
    assert time.monotonic() - begun < 30
    may_go_on.set()


def test_ringing_a_dead_redis_is_false_at_once_and_counted(tmp_path):
    with closing(Bell(f"unix://{tmp_path}/none.sock", b"key")) as bell:
        begun = time.monotonic()
        assert not any(bell.ring(f"r{number}") for number in range(1000))
        assert bell.failures == 1000
        assert bell.queue_length() is None
    assert time.monotonic() - begun < 20  # a wait of its own for each would be minutes


def test_a_consumer_outlives_the_death_of_redis_and_hears_again(own_redis, caplog):
    with closing(Bell(own_redis.url, b"key")) as bell, listening(bell) as heard:
        bell.ring("r1")
        wait_until(lambda: heard == ["r1"])
        os.kill(own_redis.pid, signal.SIGKILL)
        wait_until(own_redis.revive)
        wait_until(lambda: bell.ring("r2"))
        wait_until(lambda: heard == ["r1", "r2"])

    assert "Traceback" not in caplog.text


def test_a_wiped_redis_loses_the_bells_and_nothing_else(bell, redis):
    with listening(bell) as heard:
        redis.flushall()
        assert bell.ring("r1")
        wait_until(lambda: heard == ["r1"])
