"""A model's words: gathered, shown to whoever listens, kept nowhere, and never in anybody's way."""

import socket
import threading
from contextlib import closing

import orjson
from redis import Redis

from engine.hiding import HIDDEN
from engine.live import words as module
from engine.live.feed import Feed
from engine.live.words import Speaker, Words
from tests.live.conftest import listen, wait_until

ADA = Speaker("r1", "m1", "ask", 2, "2", 1)
BEN = Speaker("r1", "m1", "other", 3, "3", 1)


def test_words_are_gathered_and_reach_those_who_watch_the_run_or_its_room(feed, redis, monkeypatch):
    monkeypatch.setattr(module, "GATHER_S", 0.5)
    heard = {"live:r1": [], "room:m1": []}
    with redis.pubsub() as watcher:
        listen(watcher, *heard)
        voice = feed.voice(ADA)
        for piece in ("Hel", "lo ", "there"):
            voice(piece, turn=0, is_last=True)
        voice("And?", turn=1, is_last=True)

        def both_turns():
            message = watcher.get_message(ignore_subscribe_messages=True, timeout=0.1)
            if message:
                heard[message["channel"].decode()].append(orjson.loads(message["data"]))
            return all(len(frames) == 2 for frames in heard.values())

        wait_until(both_turns)

    speaker = {"run_id": "r1", "node_id": "ask", "step": 2, "activation": "2", "attempt": 1}
    assert [frame["data"] for frame in heard["live:r1"]] == [
        {**speaker, "turn": 0, "at": 0, "text": "Hello there"},
        {**speaker, "turn": 1, "at": 0, "text": "And?"},
    ]
    assert [frame["kind"] for frame in heard["room:m1"]] == ["ephemeral", "ephemeral"]
    assert list(redis.scan_iter()) == []
    assert feed.recent("r1") == []
    assert feed.hot("r1") is None


def test_what_is_said_meanwhile_waits_and_too_much_is_left_out_where_it_shows(monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    shown, may_go_on, is_held_up = [], threading.Event(), threading.Event()
    was_let_go = []

    def publish(said):
        shown.extend((speaker.node_id, told["at"], told["text"]) for speaker, told in said)
        is_held_up.set()
        was_let_go.append(may_go_on.wait(10))

    with closing(Words(publish)) as words:
        ada, ben = module.Voice(words, ADA), module.Voice(words, BEN)
        ada("One", turn=0, is_last=True)
        assert is_held_up.wait(10)
        for _ in range(1000):
            ada("two, ", turn=0, is_last=True)
        ben("Yes", turn=0, is_last=True)
        assert (len(shown), was_let_go) == (1, []), "whoever speaks waits for nobody"
        may_go_on.set()
        wait_until(lambda: len(shown) == 3)
        ada("the end", turn=0, is_last=True)
        wait_until(lambda: len(shown) == 4)

    assert shown == [
        ("ask", 0, "One"),
        ("ask", 3, "two, two, "),
        ("other", 0, "Yes"),
        ("ask", 5003, "the end"),
    ]


def test_a_secret_is_not_shown_though_it_comes_in_pieces():
    HIDDEN.add(["tok-canary-of-words"])
    shown = []

    with closing(Words(lambda said: shown.extend(told for _, told in said))) as words:
        voice = module.Voice(words, ADA)
        for piece in ("The key is tok", "-can", "ary-of-", "words, and tok", "ens are not. tok"):
            voice(piece, turn=0)
            wait_until(lambda: not words._waiting)  # each is published by itself
        voice("", turn=0, is_last=True)
        voice("Next", turn=1, is_last=True)
        wait_until(lambda: shown[-1]["turn"] == 1)

    assert "".join(told["text"] for told in shown) == "The key is ***, and tokens are not. tokNext"
    assert "".join(told["text"] for told in shown if told["at"] == 0) == "The key is Next"


def test_a_redis_that_hangs_holds_no_model_up_and_loses_nothing_that_counts(tmp_path):
    place = tmp_path / "hangs.sock"
    with socket.socket(socket.AF_UNIX) as redis, closing(Feed(f"unix://{place}?socket_timeout=20")) as feed:
        redis.bind(str(place))
        redis.listen()
        redis.settimeout(20)
        voice = feed.voice(ADA)
        voice("word ", turn=0)
        with redis.accept()[0] as asked:
            assert asked.recv(1), "Redis is asked, and says nothing"
            for _ in range(10_000):
                voice("word ", turn=0)
            assert feed.failures == 0, "nobody has waited for the answer, which still may come"
        wait_until(lambda: feed.failures > 0)
        assert feed._lost == 0, "no watcher needs to look into SQL for it"


def test_a_feed_that_nobody_speaks_through_has_no_thread(feed, redis: Redis):
    before = set(threading.enumerate())
    feed.voice(ADA)
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == "words"]
