"""A worker's ear: hears at once that it should look at a run, as to abort an effect that was cancelled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import orjson
from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from engine.live.frames import control_channel
from engine.live.link import open_pool

log = logging.getLogger(__name__)

MAX_BYTES = 65_536
HEAR_S = 0.5
"""How long one round listens, and so how long stopping can take."""
IDLE_ROUNDS = 10
"""Silent rounds before the connection must answer a ping."""
FIRST_REST_S, LAST_REST_S = 0.05, 1.0

OnMessage = Callable[[dict[str, Any]], None]
CONNECTED: dict[str, Any] = {"kind": "connected"}


class ControlListener:
    """A thread that gives each message for a worker to `callback`, through every death of Redis.

    On each (re)connection the callback gets `{"kind": "connected"}`: messages may have been lost before
    it, so look into SQL. What arrives is a hint and untrusted; what is to be done stands in SQL.
    """

    def __init__(self, url: str, worker_id: str, callback: OnMessage) -> None:
        self._pool = open_pool(url)
        self._channel = control_channel(worker_id)
        self._callback = callback
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"control-{worker_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.disconnect()

    def _run(self) -> None:
        rest_s = FIRST_REST_S
        while not self._stopping.is_set():
            try:
                with Redis(connection_pool=self._pool).pubsub() as pubsub:  # type: ignore[no-untyped-call]
                    pubsub.subscribe(self._channel)
                    rest_s = FIRST_REST_S
                    self._hear(pubsub)
            except (RedisError, OSError) as error:
                log.debug("control channel: %s", error)
            self._stopping.wait(rest_s)
            rest_s = min(rest_s * 2, LAST_REST_S)

    def _hear(self, pubsub: PubSub) -> None:
        silent = 0
        while not self._stopping.is_set():
            message = pubsub.get_message(timeout=HEAR_S)
            silent = 0 if message else silent + 1
            if message:
                self._take(message)
            elif silent == IDLE_ROUNDS:
                pubsub.ping()
            elif silent > IDLE_ROUNDS * 2:
                raise ConnectionError("no answer to a ping")

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            self._give(CONNECTED)
        elif message["type"] == "message" and len(message["data"]) <= MAX_BYTES:
            try:
                value = orjson.loads(message["data"])
            except orjson.JSONDecodeError:
                return
            if isinstance(value, dict):
                self._give(value)

    def _give(self, message: dict[str, Any]) -> None:
        try:
            self._callback(message)
        except Exception:  # the border to the worker: this ear must outlive what is done about a message
            log.exception("control message %s", message)
