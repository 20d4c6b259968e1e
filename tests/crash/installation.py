"""An installation of real processes that tests kill: a database, an own Redis, workers, and runs started from here."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from redis import Redis

from engine.core.errors import IllegalTransition
from engine.core.identity import Role, User
from engine.core.room import NewRoom
from engine.core.runview import Run
from engine.live.embedded import EmbeddedRedis
from engine.runtime import Runtime, open_runtime
from engine.services import control, history, rooms, runs, versions, workflows
from engine.services.control import Signal
from engine.settings import Settings
from engine.store.database import DatabaseDown, SQLAlchemyError
from tests.crash import ledger
from tests.crash.nursery import Child, Nursery

ME = User(id="crash", name="Cress", role=Role.ADMIN)
AWAY = (DatabaseDown, SQLAlchemyError)
"""What a service raises while the database is killed."""
T = TypeVar("T")


@dataclass
class Installation:
    """Nobody supervises the workers but the test: what dies is revived when the test says so."""

    folder: Path
    database_url: str
    nursery: Nursery
    threads: int = 4
    children: list[Child] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)
    """Further environment for its processes."""

    def __post_init__(self) -> None:
        self.data_dir = self.folder / "data"
        self.ledger = self.folder / "ledger"
        self.redis = EmbeddedRedis(self.data_dir)
        self.redis.start()
        self.rt = self._runtime()
        self._workflows: dict[str, str] = {}

    def _runtime(self) -> Runtime:
        rt = open_runtime(
            Settings(
                _env_file=None,
                data_dir=self.data_dir,
                database_url=self.database_url,
                redis_url=self.redis.url,
            )
        )
        for tool in ledger.TOOLS:
            if tool.name not in rt.catalogue.tools:
                rt.catalogue.add(tool)
        return rt

    def close(self) -> None:
        for child in self.children:
            if child.is_alive():
                child.kill()
        self.rt.close()
        self.redis.stop()

    # Processes

    def worker(
        self, crash_at: str = "", *, replaces: Child | None = None, database_url: str | None = None
    ) -> Child:
        """Start a worker; `replaces` tells it who died, as the supervisor of `up` does."""
        given = ["--replaces", str(replaces.pid)] if replaces else []
        arguments = ["worker", "--threads", str(self.threads), *given]
        return self._fork("cli", arguments, self._environment(crash_at, database_url))

    def api(self, port: int, crash_at: str = "") -> Child:
        """Start a web process: the whole API, without the pages."""
        return self._fork("api", [str(port)], self._environment(crash_at, None))

    def _environment(self, crash_at: str, database_url: str | None) -> dict[str, str]:
        return {
            "OPENROOMS_DATA_DIR": str(self.data_dir),
            "OPENROOMS_DATABASE_URL": database_url or self.database_url,
            "OPENROOMS_REDIS_URL": self.redis.url,
            "OPENROOMS_CRASH_AT": crash_at,
            "OPENROOMS_LOG_LEVEL": "WARNING",
            ledger.FILE: str(self.ledger),
            **self.extra,
        }

    def _fork(self, what: str, arguments: list[str], environment: dict[str, str]) -> Child:
        log = self.folder / f"{what}-{len(self.children)}.log"
        log.touch()
        child = self.nursery.fork(what, arguments, environment, log)
        self.children.append(child)
        return child

    def dies(self, child: Child, within_s: float = 20) -> None:
        """Wait until it has been killed by its own failpoint."""
        code = child.wait(within_s)
        assert code == -signal.SIGKILL, f"it ended with {code}:\n{child.told()}"

    def dies_unless_over(self, child: Child, run_id: str) -> bool:
        """Whether it died by its failpoint; False if the run ended before."""
        until(lambda: not child.is_alive() or self.get(run_id).status.is_over)
        if child.is_alive():
            return False
        self.dies(child)
        return True

    def kill_redis(self, *, wipe: bool = False) -> None:
        """SIGKILL the Redis; `wipe` loses all it held."""
        killed = self.redis.pid
        if killed is not None:
            os.kill(killed, signal.SIGKILL)
            until(lambda: self.redis.pid != killed or not self.redis.is_alive())  # or it is back already
        if wipe:
            shutil.rmtree(self.data_dir / "redis", ignore_errors=True)

    def flush_redis(self) -> None:
        with Redis.from_url(self.redis.url) as redis:
            redis.flushall()

    # Runs

    def room(self, document: dict[str, Any], **fields: Any) -> str:
        """A new room for the document; equal documents share one published workflow."""
        key = repr(document)
        if key not in self._workflows:
            workflow = workflows.create(self.rt, ME, document)
            versions.publish(self.rt, ME, workflow.id)
            self._workflows[key] = workflow.id
        new = NewRoom(name="Crash", workflow_id=self._workflows[key], **fields)
        return rooms.create(self.rt, ME, new).id

    def start(self, room_id: str, request_id: str | None = None) -> Run:
        return runs.start(self.rt, ME, room_id, None, request_id=request_id)

    def begin(self, document: dict[str, Any]) -> Run:
        """A run in a room of its own."""
        return self.start(self.room(document))

    def get(self, run_id: str) -> Run:
        return runs.get(self.rt, ME, run_id)

    def over(self, run_id: str, within_s: float = 20) -> Run:
        """The run once it is over."""

        def look() -> Run | None:
            with suppress(*AWAY):
                run = self.get(run_id)
                return run if run.status.is_over else None
            return None

        try:
            return until(look, within_s)
        except TimeoutError:
            raise AssertionError(self.stuck(run_id)) from None

    def until_event(self, run_id: str, type_: str, within_s: float = 20) -> dict[str, Any]:
        """The first event of that type, once there is one."""
        return until(lambda: next(iter(self.events(run_id, type_)), None), within_s)

    def events(self, run_id: str, *types: str) -> list[dict[str, Any]]:
        """The run's events, all or those of some types."""
        found = history.events(self.rt, ME, run_id, limit=100_000)
        return [event for event in found if not types or event["type"] in types]

    def signal(self, room_id: str, name: str, request_id: str | None = None) -> None:
        """Send a signal; that the run has ended since is nobody's fault."""
        with suppress(IllegalTransition):
            sent = Signal(name=name, payload={"by": "Cress"}, request_id=request_id)
            control.signal(self.rt, ME, room_id, sent)

    def took_effect(self, run_id: str) -> list[ledger.Entry]:
        return [entry for entry in ledger.read(self.ledger) if entry.run == run_id]

    def stuck(self, run_id: str) -> str:
        run = self.get(run_id)
        logs = "\n".join(
            f"--- {child.log.name}, {'alive' if child.is_alive() else 'dead'}\n{child.told()}"
            for child in self.children[-4:]
        )
        story = "\n".join(f"{event['seq']} {event['message']}" for event in self.events(run_id)[-15:])
        return f"run {run_id} stays {run.status} at {run.seq}:\n{story}\n{logs}"


def until(look: Callable[[], T | None], within_s: float = 20, pause_s: float = 0.01) -> T:
    """What `look` gives as soon as it gives something true.

    Raises:
        TimeoutError
    """
    end = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"it did not come about within {within_s} s")
        time.sleep(pause_s)
    return found


def all_over(installation: Installation, run_ids: Iterable[str], within_s: float) -> list[str]:
    """Wait for the runs to end; those that do not."""
    waiting = list(run_ids)
    end = time.monotonic() + within_s
    while waiting and time.monotonic() < end:
        with suppress(*AWAY):
            still = []
            for number, run_id in enumerate(waiting):
                if not installation.get(run_id).status.is_over:
                    still = waiting[number:]
                    break
            waiting = still
        time.sleep(0.05)
    with suppress(*AWAY):
        waiting = [run_id for run_id in waiting if not installation.get(run_id).status.is_over]
    return waiting
