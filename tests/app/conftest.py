"""The built app, served by a real process on a free port."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from openrooms_app.build import build
from tests.app.served import PASSWORDS

ROOT = Path(__file__).resolve().parents[2]
AsUser = Callable[[str], httpx.Client]


@dataclass(frozen=True)
class Served:
    url: str
    setup_token: str
    process: subprocess.Popen[str]
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])


@pytest.fixture(scope="session")
def built() -> Path:
    """The front end for the sources as they are; a fraction of a second when it is there already."""
    return build()


@pytest.fixture(scope="session")
def app(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the administrator Ada, the editor Ed and the viewer Vi."""
    with served(tmp_path_factory.mktemp("app"), "people") as server:
        yield server


@pytest.fixture(scope="session")
def app_url(app: Served) -> str:
    return app.url


@pytest.fixture(scope="session")
def unclaimed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on which nobody has an account, for tests that leave it so."""
    with served(tmp_path_factory.mktemp("unclaimed"), "nobody") as server:
        yield server


@pytest.fixture
def fresh(built: Path, tmp_path: Path) -> Iterator[Served]:
    """A server on which nobody has an account yet, for a test that makes one."""
    with served(tmp_path, "nobody") as server:
        yield server


@pytest.fixture
def as_user(app_url: str) -> Iterator[AsUser]:
    """An HTTP client that is logged in, as in `as_user("Vi").get("/api/rooms")`."""
    with ExitStack() as stack:

        def logged_in(name: str) -> httpx.Client:
            client = stack.enter_context(httpx.Client(base_url=app_url, trust_env=False, timeout=30))
            answer = client.post("/login", data={"name": name, "password": PASSWORDS[name]})
            assert answer.status_code == 303, answer.text
            return client

        yield logged_in


def log_in(page: Page, url: str, name: str, path: str = "/") -> None:
    page.goto(url + path)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORDS[name])
    page.get_by_role("button", name="Log in").click()
    page.get_by_test_id("user-name").first.get_by_text(name, exact=True).wait_for(state="attached")


@contextmanager
def served(data_dir: Path, people: str) -> Iterator[Served]:
    port, log = free_port(), data_dir / "server.log"
    command = [sys.executable, "-m", "tests.app.served", str(data_dir / "data"), str(port), people]
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert process.stdout is not None
        token = process.stdout.readline().strip()
        url = f"http://127.0.0.1:{port}"
        wait_until_answers(url, process, log)
        yield Served(url, token, process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(15)
        if process.stdout is not None:
            process.stdout.close()


def wait_until_answers(url: str, process: subprocess.Popen[str], log: Path, timeout_s: float = 90) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode}:\n{log.read_text()}")
        try:
            if httpx.get(f"{url}/ping", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError(f"The server did not answer within {timeout_s} s:\n{log.read_text()}")


def free_port() -> int:
    """One that the system gives to nobody by itself: it is still free when a process that is being started listens there."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = secrets.SystemRandom().randrange(min(10_000, low), max(low, 20_000))
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def clean_environment() -> dict[str, str]:
    """Ours without what would configure the app."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("OPENROOMS_", "REFLEX_"))
    }
