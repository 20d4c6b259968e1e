"""The queue of runs that want a worker: Huey on Redis, its messages signed JSON that holds a run's id and no more."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal

from huey.api import Huey, Task
from huey.consumer import Consumer
from huey.exceptions import HueyException
from huey.registry import Message
from huey.storage import PriorityRedisStorage
from pydantic import Field, ValidationError
from redis.exceptions import RedisError, ResponseError

from engine.core.document import Frozen
from engine.core.errors import OpenRoomsError
from engine.live.link import Link, leave_replica, open_pool

log = logging.getLogger(__name__)

MAX_BYTES = 1 << 20
TAG_BYTES = 32
POP_WAIT_S = 1
"""How long an idle worker thread waits for a message, and so how long stopping can take."""
LEAVE_S = 3
"""How long a listener that is held up, as a claim is while the disk is full, may keep a worker from stopping."""
ACTIVATE = "activate"
OnRing = Callable[..., None]
"""Gets the ids of the runs that have rung, at least one."""
REST_S = 0.25
"""How long a worker thread rests when Redis is dead."""
MAX_PRIORITY = 100
_PRIORITY_STEP = 10**13
"""More than the milliseconds since 1970, so that a higher priority always goes first."""


class Refused(OpenRoomsError):
    """A message on the queue that this installation did not write."""

    code = "message_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"A message on the queue was refused: {reason}. Nothing of it was run.")


class Ring(Frozen):
    """All that a message says."""

    task: Literal["activate"]
    run_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")


class SignedJson:
    """Huey's serializer: HMAC-SHA256, then a `Ring` as JSON; the tag is checked before a byte is parsed."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def serialize(self, message: Message) -> bytes:
        """Equal bytes for equal rings: a run that is rung twice stands in the queue once."""
        body = Ring(task="activate", run_id=message.args[0]).model_dump_json().encode()
        return self._tag(body) + body

    def deserialize(self, data: bytes) -> Message:
        """The message in `data`.

        Raises:
            Refused: too long, not signed by this installation, or of another shape.
        """
        if not TAG_BYTES < len(data) <= MAX_BYTES:
            raise Refused(f"{len(data)} bytes is no length for one")
        tag, body = data[:TAG_BYTES], data[TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(body)):
            raise Refused("its signature is wrong")
        try:
            ring = Ring.model_validate_json(body)
        except ValidationError:
            raise Refused("it is signed but has another shape, perhaps of another release") from None
        return Message(id=None, name=f"{__name__}.{ACTIVATE}", args=(ring.run_id,), kwargs={})

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")


class RunSet(PriorityRedisStorage):  # type: ignore[misc]  # Huey carries no types
    """Huey's priority queue as a set of runs: higher priority first, then the one rung earlier."""

    def __init__(self, name: str, url: str, **unused: Any) -> None:
        waiting = open_pool(url, answer_timeout_s=POP_WAIT_S + 4)
        super().__init__(name, connection_pool=waiting, read_timeout=POP_WAIT_S, **unused)
        self.link = Link(url)
        self._gives_one = False

    def enqueue(self, data: bytes, priority: int | None = None) -> None:
        # LT: ringing again never loses a place in the queue, and a higher priority wins a better one.
        rank = int(time.time() * 1000) - (priority or 0) * _PRIORITY_STEP
        if self.link.ask(lambda redis: redis.zadd(self.queue_key, {data: rank}, lt=True)) is None:
            raise NotRung

    def pop(self, most: int) -> list[bytes]:
        """Up to `most` messages, waited for until there is one; one by one where the server does not give several, as
        before Redis 7.
        """
        if most < 1:
            return []
        if most > 1 and not self._gives_one:
            with suppress(ResponseError):  # what is no matter of this command fails below, too
                popped = self.conn.bzmpop(self.read_timeout, 1, [self.queue_key], min=True, count=most)
                return [message for message, _ in popped[1]] if popped else []
        one = self.conn.bzpopmin(self.queue_key, timeout=self.read_timeout)
        self._gives_one = most > 1
        return [one[1]] if one else []

    def queue_size(self) -> int | None:
        count = self.link.ask(lambda redis: redis.zcard(self.queue_key))
        return count if isinstance(count, int) else None

    def read_schedule(self, ts: object) -> list[bytes]:
        return []

    def close(self) -> None:
        self.link.close()
        self.pool.disconnect()


class NotRung(OpenRoomsError):
    code = "not_rung"

    def __init__(self) -> None:
        super().__init__("Redis does not answer: the run was not queued. The sweeper will find it.")


class RunHuey(Huey):  # type: ignore[misc]
    """Huey without results, schedule, revocation and retries: pops a run, runs it, forgets it.

    What Redis answers is untrusted: a message that is not ours is counted, logged and dropped at once;
    Huey itself would rest up to ten seconds after each. A dead Redis is logged once per outage.
    """

    storage_class = RunSet

    def __init__(self, url: str, key: bytes) -> None:
        name = f"openrooms_{hashlib.sha256(b'installation' + key).hexdigest()[:16]}"
        signing = hmac.digest(key, b"openrooms queue " + name.encode(), "sha256")
        super().__init__(name, results=False, utc=True, serializer=SignedJson(signing), url=url)
        self.on_ring: OnRing = _nobody_listens
        self.room: Callable[[], int] = lambda: 1
        self.refused = 0
        self._lock = threading.Lock()
        self._is_down = False

        def activate(*run_ids: str) -> None:
            self.on_ring(*run_ids)

        self.activate = self.task(name=ACTIVATE)(activate)

    def dequeue(self) -> Task | None:
        """One task for all that was popped: what Huey does around a task costs as much as some steps."""
        try:
            packed = self.storage.pop(self.room())
            self._is_down = False
        except (RedisError, OSError) as error:
            self._note_down(error)
            leave_replica(self.storage.pool, error)
            time.sleep(REST_S)
            return None
        run_ids = [run_id for data in packed for run_id in self._read(data)]
        return self.activate.s(*run_ids) if run_ids else None

    def _read(self, data: bytes) -> Sequence[str]:
        try:
            run_ids: Sequence[str] = self.deserialize_task(data).args
        except (Refused, HueyException) as error:
            with self._lock:
                self.refused += 1
            log.error("%s (%d so far)", error, self.refused)
            return ()
        return run_ids

    def _note_down(self, error: Exception) -> None:
        with self._lock:
            is_news, self._is_down = not self._is_down, True
        if is_news:
            log.warning("the queue does not answer (%s); runs go on by the sweeper", error)

    def is_revoked(self, task: Task, timestamp: object = None, peek: bool = True) -> bool:
        """Never: a run is cancelled in SQL, and Redis is not asked."""
        return False

    def delete(self, key: str) -> bool:
        """Nothing is kept beside the queue, so nothing is deleted."""
        return False

    def create_consumer(self, **options: Any) -> Consumer:
        settings = {"periodic": False, "scheduler_interval": 60, "health_check_interval": 1}
        return QuietConsumer(self, **settings | {"shutdown_timeout": LEAVE_S} | options)


class QuietConsumer(Consumer):  # type: ignore[misc]
    """Huey's consumer in threads, without its signal handlers: a process's signals belong to its main."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._starting = threading.Lock()

    def _set_signal_handlers(self) -> None:
        pass

    def start(self) -> None:
        with self._starting:
            super().start()

    def stop(self, graceful: bool = False) -> None:
        """End the threads; fine also when none was ever started, or while they are being started."""
        with self._starting:
            if self.scheduler.ident is None:
                self.stop_flag.set()
                return
        super().stop(graceful)


def _nobody_listens(*run_ids: str) -> None:
    log.error("%s rang and nobody listens: call Bell.on_ring before the consumer starts", run_ids)
