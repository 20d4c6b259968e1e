"""The whole app as `openrooms up` runs it, and a client of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.engine.installation import Installation, Unfinished, installation
from benchmarks.engine.measuring import Case
from engine.services import upkeep
from openrooms_app.build import build

PASSWORD = "a long password for the bench"
START_S = 100


@dataclass
class App:
    """`client` is logged in; `pid` is the supervisor's."""

    here: Installation
    url: str
    pid: int
    client: httpx.Client

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, path, json=body)
        if not answer.is_success:
            raise Unfinished(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()


@contextmanager
def up(case: Case, *arguments: str) -> Iterator[App]:
    """`openrooms up` on a free port, ready, with its administrator."""
    build()
    with (
        installation(case, has_redis=False) as here,
        here.process("up", "--port", "0", *arguments) as process,
    ):
        url = _url(here.folder)
        upkeep.set_password(here.rt, "Ada", PASSWORD)
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            app = App(here, url, process.pid, client)
            app.ask("POST", "/api/auth/login", {"name": "Ada", "password": PASSWORD})
            yield app


def _url(folder: Path) -> str:
    """Where it says that it is ready."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        for log in folder.glob("up-*.log"):
            for line in log.read_text(errors="replace").splitlines():
                if line.startswith("OpenRooms is ready: "):
                    return line.split()[-1]
        time.sleep(0.05)
    raise Unfinished(f"the app did not start; see the log in {folder}")
