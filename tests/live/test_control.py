import os
import signal
from contextlib import closing, contextmanager

from redis import Redis

from engine.live.control import ControlListener
from engine.live.feed import Feed
from tests.live.conftest import wait_until

CONNECTED = {"kind": "connected"}


@contextmanager
def listener(url, callback):
    ear = ControlListener(url, "w1", callback)
    ear.start()
    try:
        yield ear
    finally:
        ear.stop()


def test_a_worker_hears_what_is_meant_for_it(feed, redis_url):
    heard = []
    with listener(redis_url, heard.append):
        wait_until(lambda: heard == [CONNECTED])
        assert feed.control("w1", {"kind": "cancel", "run_id": "r1"})
        assert not feed.control("w2", {"kind": "cancel", "run_id": "r2"})
        wait_until(lambda: heard == [CONNECTED, {"kind": "cancel", "run_id": "r1"}])


def test_it_outlives_the_death_of_redis_and_says_when_to_look_into_sql(own_redis):
    heard = []
    with closing(Feed(own_redis.url)) as feed, listener(own_redis.url, heard.append):
        wait_until(lambda: heard == [CONNECTED])
        os.kill(own_redis.pid, signal.SIGKILL)
        wait_until(own_redis.revive)
        wait_until(lambda: heard == [CONNECTED, CONNECTED])
        wait_until(lambda: feed.control("w1", {"n": 1}))
        wait_until(lambda: heard[-1] == {"n": 1})


def test_it_can_be_started_before_redis(tmp_path, redis_server):
    heard = []
    address = tmp_path / "late.sock"
    with listener(f"unix://{address}", heard.append):
        address.symlink_to(redis_server.url.removeprefix("unix://"))
        wait_until(lambda: heard == [CONNECTED])


def test_garbage_is_ignored_and_a_callback_that_raises_does_not_deafen(redis_url, redis: Redis, caplog):
    heard = []

    def callback(message):
        heard.append(message)
        raise ValueError("boom")

    with listener(redis_url, callback):
        wait_until(lambda: heard == [CONNECTED])
        for junk in (b"", b"\xff", b"[1]", b'"x"', b"[" * 10_000, b'{"a":"' + b"x" * 100_000 + b'"}'):
            redis.publish("ctl:w1", junk)
        redis.publish("ctl:w1", b'{"n":1}')
        wait_until(lambda: heard == [CONNECTED, {"n": 1}])
    assert "boom" in caplog.text
