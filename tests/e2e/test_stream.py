"""Live events over HTTP from the running app: resumed without loss or repeat, whatever dies in between."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.drawings import drawing
from tests.fixtures.running import Running, running, until

SHORT = drawing("start > a > b > end")
ASKING = drawing("start > wait > end", wait={"config": {"signal": "answer"}})
Message = dict[str, Any]
"""{event, id, data}"""


class Reader:
    """Reads a stream in a thread; `messages` grows."""

    def __init__(self, app: Running, path: str, last_id: str = "", name: str = "Ada") -> None:
        self.messages: list[Message] = []
        self.is_over = False
        self._socket: socket.socket | None = None
        headers = {"Last-Event-ID": last_id} if last_id else {}
        client = app.client if name == "Ada" else app.client_of(name)
        self.cookies = client.cookies
        given = (app.url + path, headers)
        self._thread = threading.Thread(target=self._read, args=given, daemon=True)
        self._thread.start()

    def events(self) -> list[Message]:
        return [message["data"] for message in self.messages if message["event"] == "event"]

    def statuses(self) -> list[str]:
        return [message["data"]["status"] for message in self.messages if message["event"] == "status"]

    def wait_for(self, is_so: Callable[["Reader"], bool], within_s: float = 60) -> None:
        until(lambda: True if is_so(self) else None, within_s)

    def close(self) -> None:
        """Go away without a word, as a browser does whose tab is closed."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    def _read(self, url: str, headers: dict[str, str]) -> None:
        with (
            contextlib.suppress(httpx.TransportError),
            httpx.Client(trust_env=False, cookies=self.cookies, timeout=60) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            self._socket = answer.extensions["network_stream"].get_extra_info("socket")
            message: Message = {"event": "message", "id": "", "data": None}
            for line in answer.iter_lines():
                message = self._take(line, message)
        self.is_over = True

    def _take(self, line: str, message: Message) -> Message:
        name, _, value = line.partition(": ")
        if not line:
            if message["data"] is not None:
                self.messages.append(message)
            return {"event": "message", "id": "", "data": None}
        if name in message:
            message[name] = json.loads(value) if name == "data" else value
        return message


@contextmanager
def reading(app: Running, path: str, last_id: str = "") -> Iterator[Reader]:
    reader = Reader(app, path, last_id)
    try:
        yield reader
    finally:
        reader.close()


def is_over(reader: Reader) -> bool:
    return any(event["type"] == "ROOM_COMPLETED" for event in reader.events())


def test_a_room_is_told_of_live_with_every_event_once_and_in_order(running_app):
    room = running_app.make_room(SHORT)
    with reading(running_app, f"/api/rooms/{room}/stream") as reader:
        reader.wait_for(lambda reader: reader.statuses() == ["IDLE"])
        run_id = running_app.start(room)
        reader.wait_for(is_over)
        reader.wait_for(lambda reader: reader.statuses()[-1] == "COMPLETED")

    assert reader.events() == running_app.events(run_id)
    ids = [message["id"] for message in reader.messages if message["event"] == "event"]
    assert ids == [f"{run_id}:{event['seq']}" for event in reader.events()]
    assert {message["id"] for message in reader.messages if message["event"] == "status"} == {""}


def test_whoever_comes_back_gets_the_rest_and_nothing_twice(running_app):
    room = running_app.make_room(SHORT)
    run_id = running_app.start(room)
    running_app.run_until(run_id, "COMPLETED")
    whole = running_app.events(run_id)

    for seen in (1, 5, len(whole) - 1):
        with reading(running_app, f"/api/rooms/{room}/stream", f"{run_id}:{seen}") as reader:
            reader.wait_for(is_over)
        assert reader.events() == whole[seen:]
    with reading(running_app, f"/api/rooms/{room}/stream?after={run_id}:3") as reader:
        reader.wait_for(is_over)
    assert reader.events() == whole[3:]


def test_the_stream_goes_on_from_run_to_run_and_can_be_held_to_one(running_app):
    room = running_app.make_room(SHORT)
    first = running_app.start(room)
    running_app.run_until(first, "COMPLETED")
    with (
        reading(running_app, f"/api/rooms/{room}/stream") as follower,
        reading(running_app, f"/api/rooms/{room}/stream?run_id={first}") as held,
    ):
        follower.wait_for(is_over)
        held.wait_for(is_over)
        second = running_app.start(room)
        follower.wait_for(lambda reader: reader.events()[-1]["run_id"] == second and is_over(reader))
        news = lambda reader: [m["data"]["run_id"] for m in reader.messages if m["event"] == "status"][-1]  # noqa: E731
        held.wait_for(lambda reader: news(reader) == second and reader.statuses()[-1] == "COMPLETED")
        follower.wait_for(lambda reader: len(reader.events()) == 2 * len(running_app.events(first)) - 1)

    assert follower.events() == running_app.events(first) + running_app.events(second)
    assert held.events() == running_app.events(first)


def test_a_run_that_waits_is_shown_and_a_runs_own_stream_ends_with_it(running_app):
    room = running_app.make_room(ASKING)
    run_id = running_app.start(room)
    with reading(running_app, f"/api/runs/{run_id}/stream") as reader:
        reader.wait_for(lambda reader: "WAITING" in reader.statuses())
        running_app.ask("POST", f"/api/rooms/{room}/signals/answer", {"yes": True})
        reader.wait_for(lambda reader: reader.is_over)

    assert reader.events() == running_app.events(run_id)
    assert reader.statuses()[-1] == "COMPLETED"
    last = f"{run_id}:{reader.events()[-1]['seq']}"
    answer = running_app.client.get(f"/api/runs/{run_id}/stream", headers={"Last-Event-ID": last})
    assert answer.status_code == 204


def test_nothing_is_lost_or_doubled_while_redis_is_killed(running_app):
    room = running_app.make_room(drawing("start > wait > a > b > end", wait={"config": {"duration_s": 0.05}}))
    told: list[Message] = []
    last_id, runs = "", []
    for round_ in range(4):
        with reading(running_app, f"/api/rooms/{room}/stream", last_id) as reader:
            runs.append(running_app.start(room))
            if round_ % 2:
                kill_redis(running_app.data_dir)
            newest = runs[-1]
            reader.wait_for(
                lambda reader, newest=newest: any(
                    event["type"] == "ROOM_COMPLETED" and event["run_id"] == newest
                    for event in reader.events()
                )
            )
            if round_ == 1:
                kill_redis(running_app.data_dir)
        told += [message for message in reader.messages if message["event"] == "event"]
        last_id = told[-1]["id"]

    whole = [event for run_id in runs for event in running_app.events(run_id)]
    assert [message["data"] for message in told] == whole


def test_without_any_redis_events_come_within_a_second(tmp_path):
    with running(tmp_path / "alone", OPENROOMS_REDIS_URL=f"unix://{tmp_path}/nobody.sock") as app:
        room = app.make_room(SHORT)
        with reading(app, f"/api/rooms/{room}/stream") as reader:
            reader.wait_for(lambda reader: bool(reader.statuses()))
            lags_s, run_ids = [9.0], []
            while (
                min(lags_s) > 1.2 and len(run_ids) < 8
            ):  # it is read once a second, and the machine may be busy
                run_ids.append(app.start(room))
                app.run_until(run_ids[-1], "COMPLETED")
                ended = time.monotonic()
                reader.wait_for(lambda reader: reader.events()[-1:] == app.events(run_ids[-1])[-1:])
                lags_s.append(time.monotonic() - ended)
        assert reader.events() == [event for run_id in run_ids for event in app.events(run_id)]
        assert min(lags_s) <= 1.2


def test_logging_out_ends_the_stream(running_app):
    room = running_app.make_room(SHORT)
    reader = Reader(running_app, f"/api/rooms/{room}/stream", name="Vi")
    reader.wait_for(lambda reader: reader.statuses() == ["IDLE"])

    with httpx.Client(base_url=running_app.url, trust_env=False, cookies=reader.cookies) as client:
        client.post("/logout")

    reader.wait_for(lambda reader: reader.is_over)
    again = Reader(running_app, f"/api/rooms/{room}/stream")
    again.wait_for(lambda reader: reader.statuses() == ["IDLE"])
    again.close()


def test_a_stopping_server_ends_its_streams_at_once(tmp_path):
    with running(tmp_path / "stopping") as app:
        room = app.make_room(SHORT)
        with reading(app, f"/api/rooms/{room}/stream") as reader:
            reader.wait_for(lambda reader: bool(reader.statuses()))
            app.process.send_signal(signal.SIGTERM)
            app.process.wait(30)
            reader.wait_for(lambda reader: reader.is_over)
    assert "timeout graceful shutdown exceeded" not in app.log.read_text()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/rooms/ghost/stream", {}, 404),
        ("/api/runs/ghost/stream", {}, 404),
        ("/api/rooms/{room}/stream?run_id=ghost", {}, 404),
        ("/api/rooms/{room}/stream", {"Last-Event-ID": "ghost:1"}, 422),
        ("/api/rooms/{room}/stream?after=nonsense", {}, 422),
    ],
)
def test_what_is_not_there_is_refused_before_the_stream_begins(running_app, path, headers, status):
    room = running_app.make_room(SHORT)
    answer = running_app.client.get(path.format(room=room), headers=headers)
    assert answer.status_code == status
    assert answer.json()["code"]


def test_many_readers_at_once_see_the_same_and_leave_nothing_behind(running_app):
    room = running_app.make_room(SHORT)
    readers = [Reader(running_app, f"/api/rooms/{room}/stream") for _ in range(30)]
    for reader in readers:
        reader.wait_for(lambda reader: bool(reader.statuses()))
    run_id = running_app.start(room)
    for reader in readers:
        reader.wait_for(is_over)
        reader.close()
    whole = running_app.events(run_id)
    assert all(reader.events() == whole for reader in readers)
    seqs = [event["seq"] for event in whole]
    assert all(later == earlier + 1 for earlier, later in pairwise(seqs))


def kill_redis(data_dir: Path) -> None:
    """kill -9, once there is one again; the supervisor starts another one, which knows nothing."""

    def killed() -> bool | None:
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((data_dir / "redis.pid").read_text()), signal.SIGKILL)
            return True
        return None

    until(killed)
