"""An installation to measure on: database, Redis, and drivers in this process or in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.engine.databases import ROOT, connect, empty_database, folder_at
from benchmarks.engine.measuring import Case
from engine.core.identity import Role, User
from engine.core.room import NewRoom
from engine.core.runview import Run
from engine.live.embedded import EmbeddedRedis
from engine.runner import Runner
from engine.runtime import Runtime
from engine.services import rooms, runs, upkeep, versions, workflows
from engine.settings import Settings

PLUGIN = Path(__file__).parent / "plugin"
ME = User(id="bench", name="bench", role=Role.ADMIN)
START_S = 60
LIVE = "SELECT count(*) FROM run WHERE live"

if str(PLUGIN) not in sys.path:
    sys.path.append(str(PLUGIN))  # our tools come in by the door of other people's packages


class Unfinished(Exception):
    """What was started did not end as it should."""


@dataclass
class Installation:
    """`environment` is what its processes are started with."""

    case: Case
    folder: Path
    rt: Runtime
    redis: EmbeddedRedis | None
    environment: dict[str, str]
    _bare: Any = None
    _rooms: int = field(default=0)

    @property
    def bare(self) -> Any:
        """A connection past the engine, to look without disturbing."""
        if self._bare is None:
            self._bare = connect(str(self.rt.db.url.render_as_string(hide_password=False)))
        return self._bare

    def workflow(self, document: dict[str, Any]) -> str:
        """A published workflow."""
        made = workflows.create(self.rt, ME, document)
        versions.publish(self.rt, ME, made.id)
        return made.id

    def room(self, workflow: dict[str, Any] | str) -> str:
        """A new room for a document, or for a workflow that is there."""
        workflow_id = workflow if isinstance(workflow, str) else self.workflow(workflow)
        self._rooms += 1
        return rooms.create(self.rt, ME, NewRoom(name=f"Room {self._rooms}", workflow_id=workflow_id)).id

    def start(self, room_id: str, input_: Any = None) -> Run:
        return runs.start(self.rt, ME, room_id, {"x": 0} if input_ is None else input_)

    def ask(self, query: str) -> Any:
        """The first field of the first row that a query gives."""
        row = self.bare.execute(query).fetchone()
        return row[0] if row else None

    def until_over(self, within_s: float, *, look_every_s: float = 0.0005) -> None:
        """Wait until no run is under way or in line."""
        self.until_falls(LIVE, 0, within_s, look_every_s)

    def until_falls(self, query: str, wanted: float, within_s: float, look_every_s: float) -> None:
        """Wait until a count is no more than what is wanted."""
        self.until(f"SELECT -({query})", -wanted, within_s, look_every_s)

    def until(self, query: str, wanted: float, within_s: float, look_every_s: float) -> None:
        """Wait until a count is at least what is wanted."""
        end = time.monotonic() + within_s
        while True:
            found = self.ask(query) or 0
            if found >= wanted:
                return
            if time.monotonic() > end:
                raise Unfinished(f"{query}: {found} after {within_s:g} s")
            time.sleep(look_every_s)

    def check(self, started: Sequence[Run], output: Any) -> None:
        """Fail unless each run was completed with this output."""
        for run in started:
            done = runs.get(self.rt, ME, run.id)
            if done.status != "COMPLETED" or done.output != output:
                raise Unfinished(f"run {done.id}: {done.status}, output {done.output!r}, {done.error}")

    @contextmanager
    def runner(self) -> Iterator[Runner]:
        """A driver in this process, which hears no bells; its database is prepared as a worker does."""
        self.rt.db.lay_out()
        runner = Runner(self.rt)
        runner.start()
        try:
            yield runner
        finally:
            runner.stop()

    @contextmanager
    def workers(self, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Worker processes as `openrooms worker` starts them, ready when the block begins."""
        with ExitStack() as stack:
            processes = [stack.enter_context(self.process("worker")) for _ in range(count)]
            pids = ", ".join(str(process.pid) for process in processes)
            self.until(f"SELECT count(*) FROM worker WHERE pid IN ({pids})", count, START_S, 0.02)
            time.sleep(0.5)  # what is imported after the first heartbeat
            yield processes

    @contextmanager
    def process(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process of the command line, ended with the block."""
        log = self.folder / f"{arguments[0]}-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "openrooms_app.cli", *arguments]
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=out, stderr=out)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def installation(case: Case, *, has_redis: bool = True, **environment: str) -> Iterator[Installation]:
    """A fresh installation; `environment` sets it up further, as OPENROOMS_COMMIT."""
    with ExitStack() as stack:
        folder = stack.enter_context(folder_at(case.place))
        url = stack.enter_context(empty_database(case, folder))
        redis = EmbeddedRedis(folder / "data") if has_redis else None
        if redis is not None:
            redis.start()
            stack.callback(redis.stop)
        ours = {"OPENROOMS_DATA_DIR": str(folder / "data"), "OPENROOMS_DATABASE_URL": url, **environment}
        rt = stack.enter_context(closing(upkeep.open_migrated(_settings(ours))))
        made = Installation(case, folder, rt, redis, _environment(ours))
        yield made
        if made._bare is not None:
            made._bare.close()


def _settings(ours: dict[str, str]) -> Settings:
    names = {
        "OPENROOMS_DATA_DIR": "data_dir",
        "OPENROOMS_DATABASE_URL": "database_url",
        "OPENROOMS_COMMIT": "commit",
        "OPENAI_BASE_URL": "openai_base_url",
        "OPENAI_API_KEY": "openai_api_key",
    }
    values: dict[str, Any] = {names[name]: value for name, value in ours.items() if name in names}
    values["data_dir"] = Path(values["data_dir"])
    if "openai_api_key" in values:
        values["openai_api_key"] = SecretStr(values["openai_api_key"])
    return Settings(_env_file=None).model_copy(update=values)


def _environment(ours: dict[str, str]) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("OPENROOMS_", "REFLEX_"))
    }
    path = os.pathsep.join(part for part in (str(PLUGIN), kept.get("PYTHONPATH", "")) if part)
    return {**kept, **ours, "PYTHONPATH": path}
