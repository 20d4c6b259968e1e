"""How live events are written: a model's words go by without a number, and never in place of a sign of life."""

import asyncio
import time

from engine.services.live import Delta
from engine.services.live import Place as Seen
from engine.services.watching import Told
from openrooms_app.api.resources import stream

DELTA = Delta(run_id="r1", node_id="ask", step=2, activation="2", attempt=1, turn=0, at=0, text="Hel\nlo")


def test_words_have_no_id_so_that_whoever_comes_back_goes_on_from_the_last_event():
    written = stream._written(Told(events=[(Seen("r1", 1, 7), {"seq": 7})], delta=DELTA)).decode()

    events = written.split("\n\n")
    assert events[0] == 'id: r1:7\nevent: event\ndata: {"seq":7}'
    assert events[1].startswith('event: delta\ndata: {"run_id":"r1","node_id":"ask","step":2,')
    assert events[1].endswith('"text":"Hel\\nlo"}')


def test_a_model_that_never_stops_does_not_keep_the_heart_from_beating(sqlite_rt, admin, monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.1)

    heard = []

    def counted(kind):
        return b"".join(heard).count(b"event: " + kind)

    async def talking():
        end = time.monotonic() + 20
        while not 2 <= counted(b"beat") < counted(b"delta"):
            assert time.monotonic() < end, heard
            await asyncio.sleep(0.01)
            yield Told(delta=DELTA)

    async def read():
        reader = stream._Reader(sqlite_rt, admin, key=None, token=None)
        async for lines in stream._lines(reader, talking()):
            heard.append(lines)

    asyncio.run(read())
    assert counted(b"delta") > 4
