"""`up`: Redis, workers and web as children of one process, started in order, revived when they die, stopped together."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from engine.core.errors import OpenRoomsError
from engine.live.embedded import EmbeddedRedis

ROUND_S = 0.25
STOP_S = 10
REVIVE_AFTER_S = 0.5
REVIVE_AT_MOST_S = 30
ANSWER_S = 60


class DataDirInUse(OpenRoomsError):
    code = "data_dir_in_use"

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"Another `openrooms up` uses the data dir {str(data_dir)!r}. "
            "Stop it, or give this one another --data-dir."
        )


class CannotStart(OpenRoomsError):
    code = "cannot_start"

    def __init__(self, part: str, why: str) -> None:
        super().__init__(f"{part} did not start: {why}")


@dataclass(slots=True)
class Part:
    """A child process and how it is started again; each death in a row doubles the rest before the next try."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes]
    deaths: int = 0
    next_try: float = 0.0
    started: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Plan:
    """What `up` was asked for."""

    host: str
    port: int
    workers: int
    data_dir: Path
    redis_url: str
    is_demo: bool
    grace_s: float = 0
    """What workers allow the steps under way when they are told to stop."""


class Supervisor:
    """Runs the parts until it is told to stop."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._parts: list[Part] = []
        self._redis = None if plan.redis_url else EmbeddedRedis(plan.data_dir)
        self._next_redis = 0.0
        self._redis_rest_s = REVIVE_AFTER_S
        self._is_stopping = False

    def run(self) -> int:
        """Exit code: 0 when stopped on request.

        Raises:
            DataDirInUse, CannotStart
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        with _only_one(self._plan.data_dir):
            try:
                self._start()
                while not self._is_stopping:
                    self._look_after()
                    time.sleep(ROUND_S)
            finally:
                self._stop()
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True

    def _start(self) -> None:
        if self._redis is not None:
            self._redis.start()
        self._once("The database migration", _own("migrate"))
        if self._is_stopping:
            return
        for index in range(self._plan.workers):
            self._spawn(f"worker {index + 1}", _own("worker"))
        demo = ["--demo"] if self._plan.is_demo else []
        self._spawn("web", _own("web", "--host", self._plan.host, "--port", str(self._plan.port), *demo))
        self._wait_for_answer()

    def _once(self, what: str, command: list[str]) -> None:
        """Have it done, unless we are told to stop: then it is left undone, for it does all of it or nothing."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - our own
        while process.poll() is None:
            if self._is_stopping:
                process.kill()
                process.wait()
                return
            time.sleep(0.02)
        if process.returncode:
            raise CannotStart(what, f"it ended with exit code {process.returncode}; see above.")

    def _spawn(self, name: str, command: list[str]) -> None:
        self._parts.append(Part(name, command, _child(command)))

    def _wait_for_answer(self) -> None:
        url = f"http://{_reachable(self._plan.host)}:{self._plan.port}"
        until = time.monotonic() + ANSWER_S
        while not self._is_stopping:
            web = self._parts[-1]
            if web.process.poll() is not None:
                raise CannotStart(
                    "The web app", f"it ended with exit code {web.process.returncode}; see above."
                )
            if _answers(f"{url}/api/health"):
                print(f"\nOpenRooms is ready: {url}\nStop it with Ctrl-C.", flush=True)
                return
            if time.monotonic() > until:
                raise CannotStart("The web app", f"{url} does not answer after {ANSWER_S} s.")
            time.sleep(0.05)

    def _look_after(self) -> None:
        now = time.monotonic()
        self._look_after_redis(now)
        for part in self._parts:
            if part.process.poll() is None:
                if part.deaths and now - part.started > REVIVE_AT_MOST_S:
                    part.deaths = 0
            elif not part.next_try:
                rest_s = min(REVIVE_AFTER_S * 2**part.deaths, REVIVE_AT_MOST_S)
                part.deaths += 1
                part.next_try = now + rest_s
                code = part.process.returncode
                print(f"{part.name} ended (exit {code}); again in {rest_s:g} s", file=sys.stderr, flush=True)
            elif now >= part.next_try:
                self._revive(part)

    def _look_after_redis(self, now: float) -> None:
        """Start it again if it died; all other parts go on without it, however often that fails."""
        if self._redis is None or now < self._next_redis:
            return
        try:
            if self._redis.revive():
                print("redis died and was started again", file=sys.stderr, flush=True)
            self._redis_rest_s = REVIVE_AFTER_S
        except (OpenRoomsError, OSError) as error:
            print(
                f"redis did not start: {error} Again in {self._redis_rest_s:g} s.",
                file=sys.stderr,
                flush=True,
            )
            self._next_redis = now + self._redis_rest_s
            self._redis_rest_s = min(self._redis_rest_s * 2, REVIVE_AT_MOST_S)

    def _revive(self, part: Part) -> None:
        replaces = ["--replaces", str(part.process.pid)] if part.name.startswith("worker") else []
        part.process, part.next_try, part.started = _child([*part.command, *replaces]), 0.0, time.monotonic()

    def _stop(self) -> None:
        """End every child: politely, then for good. A second Ctrl-C changes nothing."""
        for part in self._parts:
            if part.process.poll() is None:
                part.process.terminate()
        until = time.monotonic() + STOP_S + self._plan.grace_s
        for part in self._parts:
            try:
                part.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()
        if self._redis is not None:
            self._redis.stop()


def _own(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "openrooms_app.cli", *arguments]


def _child(command: list[str]) -> subprocess.Popen[bytes]:
    """A child in a session of its own, so that Ctrl-C reaches us alone; our end of its stdin tells it that we live."""
    environment = {**os.environ, "OPENROOMS_SUPERVISED": "1"}
    return subprocess.Popen(  # noqa: S603 - our own command line
        command, stdin=subprocess.PIPE, env=environment, start_new_session=True
    )


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / "up.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirInUse(data_dir) from None
        yield


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status)
    except urllib.error.HTTPError:
        return True  # it answers, if only to say that something is not well yet
    except OSError:
        return False


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
