"""`openrooms up`: real processes, started together, revived when killed, gone after Ctrl-C."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.conftest import free_port

COMMAND = [sys.executable, "-m", "openrooms_app.cli"]


class Up:
    """A started `up` with what it printed so far."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.data_dir = data_dir
        self.log = data_dir.with_suffix(".log")
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--port", str(free_port()), "--data-dir", str(data_dir), *options],
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.log.read_text()

    def until(self, is_so: Callable[[], object], within_s: float = 40) -> None:
        end = time.monotonic() + within_s
        while not is_so():
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, self.text
            time.sleep(0.05)

    def ready(self) -> str:
        self.until(lambda: "OpenRooms is ready" in self.text)
        found = re.search(r"OpenRooms is ready: (\S+)", self.text)
        assert found
        return found[1]

    def children(self) -> dict[int, str]:
        """Its children by pid, with their command lines."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    if parent == self.process.pid:
                        found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
                except (OSError, ValueError):
                    continue
        return found

    def child(self, name: str) -> int:
        return next(pid for pid, command in self.children().items() if f" {name}" in command)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)


@pytest.fixture(scope="module")
def ups() -> Iterator[list[Up]]:
    started: list[Up] = []
    yield started
    for one in started:
        one.stop()


@pytest.fixture
def up(ups: list[Up], tmp_path_factory: pytest.TempPathFactory) -> Up:
    """One that runs: that of the test before, unless it was ended there; a start is seconds of work."""
    if not ups or ups[-1].process.poll() is not None:
        ups.append(Up(tmp_path_factory.mktemp("up") / "data"))
    ups[-1].ready()
    return ups[-1]


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/api/health", timeout=20)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_up_prints_its_address_once_it_answers_and_a_setup_link(up: Up) -> None:
    url = up.ready()

    assert answers(url)
    assert f"{url}/setup?token=" in up.text


def refused(data_dir: Path, port: str = "0") -> subprocess.CompletedProcess[str]:
    """An `up` that ends by itself."""
    command = [*COMMAND, "up", "--port", port, "--data-dir", str(data_dir)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_data_dir_has_one_up_only(up: Up) -> None:
    second = refused(up.data_dir)

    assert second.returncode == 1
    assert "data_dir_in_use" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_redis_that_can_not_come_back_takes_nobody_along(up: Up, tmp_path: Path) -> None:
    url = up.ready()
    redis = next(pid for pid, command in up.children().items() if "valkey" in command)
    files = up.data_dir / "redis"

    files.rename(tmp_path / "away")
    files.write_text("in the way")
    os.kill(redis, signal.SIGKILL)
    up.until(lambda: "redis did not start" in up.text)

    assert answers(url)
    files.unlink()
    up.until(lambda: "redis died and was started again" in up.text)


def test_killed_parts_come_back(up: Up) -> None:
    url = up.ready()
    before = {name: up.child(name) for name in ("web", "worker")}

    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    up.until(lambda: all(pid not in up.children() for pid in before.values()))
    up.until(lambda: len(up.children()) == 3 and answers(url))


def test_ctrl_c_stops_every_process(up: Up) -> None:
    children = up.children()
    assert len(children) == 3

    up.process.send_signal(signal.SIGINT)

    assert up.process.wait(20) == 0
    assert not [pid for pid in children if is_alive(pid)]


def test_ctrl_c_stops_one_whose_migration_waits_for_its_database(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    with (data_dir / "openrooms.db.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        up = Up(data_dir)
        up.until(lambda: any(" migrate" in command for command in up.children().values()))
        up.process.send_signal(signal.SIGINT)

        assert up.process.wait(10) == 0
        assert not up.children()


def test_a_killed_supervisor_leaves_no_web_and_no_worker_behind(up: Up) -> None:
    ours = [up.child("web"), up.child("worker")]
    redis = next(pid for pid, command in up.children().items() if "valkey" in command or "redis" in command)

    up.process.kill()
    up.process.wait()

    end = time.monotonic() + 20
    while any(is_alive(pid) for pid in ours):
        assert time.monotonic() < end
        time.sleep(0.05)
    os.kill(redis, signal.SIGTERM)  # an orphan that the next `up` would replace


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        done = refused(tmp_path / "data", port)

    assert done.returncode == 1
    assert "port_in_use" in done.stderr
    assert not (tmp_path / "data" / "up.lock").exists()
