"""Tells subscribers of events: at least once, in order for each run, through the guarded way out, until they have it or a day is over."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from engine import net
from engine.core import signing
from engine.core.catalogue import StepError
from engine.core.errors import OpenRoomsError
from engine.core.subscription import MOST_ATTEMPTS, pause_us
from engine.failpoints import Point, reach
from engine.store import audit, journal, notices, runs, subscriptions
from engine.store.notices import Claimed, Result
from engine.unrepeated import Unrepeated

if TYPE_CHECKING:
    from engine.runner.runner import Runner

log = logging.getLogger(__name__)
log.addFilter(Unrepeated())

AT_ONCE = 32
DEADLINE_S = 10.0
"""For one attempt; well under a notice's lease."""
LOOK_S = 5.0
LAST_S = 2.0
"""For what is under way when the worker ends."""
TIDY_US = 600_000_000
MAX_BODY = 1_000_000
CAPS = net.Caps(wire_bytes=65_536, decoded_bytes=65_536)
GONE = 410


class Messenger:
    """A thread with a loop of its own: it wakes when the outbox has news, and rests otherwise."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._rt = runner.rt
        self._news = runner.committer.outbox.news
        self._is_stopping = False
        self._sending: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self._tidied_us = 0
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """There may be something to send. The thread is begun by the first news."""
        if self._thread is None and not self._is_stopping:
            self._thread = threading.Thread(target=self._run, name="messenger", daemon=True)
            self._thread.start()
        self._news.set()

    def stop(self) -> None:
        """What is under way may end soon; what is not recorded is sent again by another."""
        self._is_stopping = True
        self._news.set()
        if self._thread is not None:
            self._thread.join(LAST_S + 3)

    def _run(self) -> None:
        asyncio.run(self._work())

    async def _work(self) -> None:
        while not self._is_stopping:
            await asyncio.to_thread(self._news.wait, LOOK_S)
            self._news.clear()
            try:
                await self._send_due()
            except OpenRoomsError as error:
                log.warning("messenger: %s", error)
            except Exception:
                log.exception("messenger")
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=LAST_S)
            for task in late:
                task.cancel()

    async def _send_due(self) -> None:
        if not self._runner.committer.outbox.is_wanted or not self._runner.may_start_effects():
            return
        for sent in await asyncio.to_thread(self._claim, AT_ONCE - len(self._sending), dict(self._busy)):
            self._busy[sent.subscription_id] += 1
            task = asyncio.create_task(self._tell(sent))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def _claim(self, limit: int, busy: dict[str, int]) -> list[Claimed]:
        now_us = self._rt.now_us()
        with self._rt.db.change() as hot:
            if now_us - self._tidied_us > TIDY_US:
                notices.forget_old(hot, now_us)
                self._tidied_us = now_us
            return notices.claim(hot, self._runner.worker_id, now_us, limit, busy) if limit > 0 else []

    async def _tell(self, sent: Claimed) -> None:
        try:
            body = await asyncio.to_thread(self._body, sent)
            result = await self._attempt(sent, body)
            reach(Point.AFTER_SEND)
            await asyncio.to_thread(self._record, sent, result)
        except OpenRoomsError as error:
            log.warning("notice %s: %s", sent.id, error)  # its lease ends, and it is sent again
        except Exception:
            log.exception("notice %s", sent.id)
        finally:
            self._busy[sent.subscription_id] -= 1
            self._news.set()

    async def _attempt(self, sent: Claimed, body: bytes | None) -> Result:
        if body is None:
            return Result("DEAD", None, "The run is gone.")
        try:
            call = net.Call("POST", sent.url, self._headers(sent, body), body)
            guard = net.Guard.of(self._rt.settings.http_allow)
            answer = await net.fetch(guard, call, caps=CAPS, deadline_s=DEADLINE_S)
        except StepError as error:
            return self._failed(sent, None, str(error))
        if answer.redirects:
            return self._failed(sent, answer.status, "The address redirects; subscribe where it leads to.")
        if 200 <= answer.status < 300:
            return Result("DELIVERED", answer.status, None)
        return self._failed(sent, answer.status, f"The address answered {answer.status}.")

    def _failed(self, sent: Claimed, status: int | None, error: str) -> Result:
        if sent.attempts >= MOST_ATTEMPTS or status == GONE:
            return Result("DEAD", status, error)
        rest_us = pause_us(sent.attempts, random.random())  # noqa: S311 - spreads attempts, guards nothing
        return Result("PENDING", status, error, self._rt.now_us() + rest_us)

    def _headers(self, sent: Claimed, body: bytes) -> tuple[tuple[str, str], ...]:
        key = signing.key_of(self._rt.secret_key, f"subscription {sent.subscription_id}", sent.rotation)
        signature = signing.sign(key, self._rt.now_us() // 1_000_000, sent.id, body)
        return (
            ("Content-Type", "application/json"),
            (signing.DELIVERY, sent.id),
            (signing.EVENT, sent.type),
            (signing.SIGNATURE, signature),
        )

    def _body(self, sent: Claimed) -> bytes | None:
        """What is told, read from the log; None when that is gone."""
        with self._rt.db.look() as hot:
            rows = journal.rows_of_facts(hot, sent.run_id, sent.seq - 1, sent.seq)
            room_id = runs.room_of(hot, sent.run_id)
        found = [event for row in rows for event in row.events(sent.run_id) if event["seq"] == sent.seq]
        if not found or room_id is None:
            return None
        told: dict[str, Any] = {"id": sent.id, "type": sent.type, "room_id": room_id, "run_id": sent.run_id}
        body = orjson.dumps({**told, "event": found[0]})
        if len(body) > MAX_BODY:  # whoever wants the rest asks the API for the run's events
            body = orjson.dumps({**told, "event": {**found[0], "data": {}, "is_cut": True}})
        return body

    def _record(self, sent: Claimed, result: Result) -> None:
        now_us = self._rt.now_us()
        with self._rt.db.change() as hot:
            subscriptions.hold(hot, sent.subscription_id)
            if not notices.record(hot, sent, self._runner.worker_id, result, now_us):
                return
            if result.status == "DELIVERED":
                subscriptions.note_success(hot, sent.subscription_id)
                return
            is_too_long = subscriptions.note_failure(hot, sent.subscription_id, now_us)
            if is_too_long or result.response_status == GONE:
                reason = result.error or "It can't be reached."
                subscriptions.switch_off(hot, sent.subscription_id, reason, now_us)
                told = {"reason": reason, "name": subscriptions.name_of(hot, sent.subscription_id)}
                audit.append(hot, now_us, None, "subscription_off", sent.subscription_id, **told)
