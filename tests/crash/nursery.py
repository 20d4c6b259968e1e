"""Processes of the product, forked from one that has imported it, so that a worker starts in a fraction of a second.

They are processes like others: killed, stopped and continued by real signals. The nursery keeps the dead until they are
asked for, so a pid is never anybody else's. It ends, with all its children, when its standard input closes.
"""

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from engine.core import discovery
from tests.crash import faults

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
PRELOADED = (
    "engine.worker",
    "engine.store.migrations",
    "openrooms_app.cli",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "tests.crash.api",
    "uvicorn",
)
"""What a worker or the API would import first of all."""


@dataclass
class Child:
    """A forked process of the product."""

    nursery: "Nursery"
    pid: int
    log: Path
    returncode: int | None = None

    def __post_init__(self) -> None:
        self._handle = os.pidfd_open(self.pid)

    def is_alive(self) -> bool:
        return self.returncode is None and not select.select([self._handle], [], [], 0)[0]

    def send(self, number: signal.Signals) -> None:
        if self.returncode is None:
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait()

    def wait(self, within_s: float = 20) -> int:
        """Its exit code, negative for a signal, once it is dead."""
        if self.returncode is None:
            assert select.select([self._handle], [], [], within_s)[0], f"it lives on:\n{self.stacks()}"
            self.returncode = self.nursery.reap(self.pid)
            os.close(self._handle)
        return self.returncode

    def until_stopped(self, within_s: float = 20) -> None:
        """Wait until it has stopped itself."""
        end = time.monotonic() + within_s
        while Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert self.is_alive(), self.told()
            assert time.monotonic() < end, f"it does not stop:\n{self.told()}"
            time.sleep(0.01)

    def stacks(self) -> str:
        """What it told, and where each of its threads is."""
        self.send(signal.SIGUSR1)
        time.sleep(0.5)
        return self.told()

    def told(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


class Nursery:
    """The process that forks; `python_path` is put before its own."""

    def __init__(self, python_path: Path | str) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.nursery"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{python_path}:{ROOT}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def fork(self, what: str, arguments: list[str], environment: dict[str, str], log: Path) -> Child:
        """Fork a process that runs `what` ("cli" or "api") with these arguments."""
        order = {"what": what, "arguments": arguments, "environment": environment, "log": str(log)}
        return Child(self, int(self._ask(order)), log)

    def reap(self, pid: int) -> int:
        return int(self._ask({"reap": pid}))

    def close(self) -> None:
        self._process.communicate(timeout=20)

    def _ask(self, order: dict[str, Any]) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._turn:  # an answer must not be taken for another's: it may be a pid to be killed
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            answer = stdout.readline()
        assert answer, "the nursery is dead"
        return answer


def main() -> None:
    _import_all()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        if "reap" in order:
            _, status = os.waitpid(order["reap"], 0)
            print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _live(order, answers)
        print(pid, file=answers, flush=True)


def _import_all() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    discovery.discover()
    gc.collect()
    gc.freeze()  # a child that looks at all of this once more copies it page by page


def _live(order: dict[str, Any], answers: IO[str]) -> None:
    """The forked process, to its end."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        answers.close()
        os.setsid()
        log = os.open(order["log"], os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for name in [name for name in os.environ if name.startswith("OPENROOMS_")]:
            del os.environ[name]
        os.environ.update(order["environment"])
        os.chdir(os.path.dirname(order["log"]))
        faulthandler.register(signal.SIGUSR1)
        if fault := os.environ.get(faults.NAME):
            faults.FAULTS[fault]()
        with contextlib.suppress(KeyboardInterrupt):
            code = _WHAT[order["what"]](order["arguments"])
    except SystemExit as stopped:
        code = stopped.code if isinstance(stopped.code, int) else 0
    except BaseException:  # noqa: BLE001 - a process of its own: nobody else could tell
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _cli(arguments: list[str]) -> int:
    from openrooms_app.cli import main as cli

    cli(arguments, standalone_mode=False)
    return 0


def _api(arguments: list[str]) -> int:
    from tests.crash.api import serve

    serve(int(arguments[0]))
    return 0


_WHAT = {"cli": _cli, "api": _api}

if __name__ == "__main__":
    main()
