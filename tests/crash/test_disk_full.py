"""The disk of an installation is full for a while: what was decided waits, no effect is repeated, then all goes on."""

import json
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from engine.services import health, runs, watching
from engine.store.database import Database, DatabaseFull
from tests.core.drawing import line, node
from tests.crash.checker import check
from tests.crash.installation import AWAY, ME, Installation, all_over, until
from tests.crash.ledger import read
from tests.crash.nursery import Nursery
from tests.crash.postgres import Postgres
from tests.crash.workflows import effect

pytestmark = pytest.mark.crash

DISK_BYTES = 64_000_000
RUNS = 10


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    path = folder / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(path)]
    with suppress(FileNotFoundError):
        if subprocess.run(mount, check=False, capture_output=True).returncode == 0:
            yield path
            subprocess.run(["umount", "--lazy", str(path)], check=True)
            return
    pytest.skip("only root may mount a small disk")


@pytest.fixture
def on_small_disk(
    nursery: Nursery, folder: Path, small_disk: Path, sqlite_template: Path
) -> Iterator[Installation]:
    shutil.copy(sqlite_template, small_disk / "openrooms.db")
    with closing(Installation(folder, f"sqlite:///{small_disk / 'openrooms.db'}", nursery)) as place:
        yield place


@pytest.fixture
def postgres_on_small_disk(
    nursery: Nursery, folder: Path, small_disk: Path, postgres: Postgres
) -> Iterator[Installation]:
    """Its tables are there; a server without room for its own log would be away."""
    folder.chmod(0o755)
    space, user = small_disk / "space", pwd.getpwnam("pgserver")
    space.mkdir()
    os.chown(space, user.pw_uid, user.pw_gid)
    postgres.ask(f"CREATE TABLESPACE small LOCATION '{space}'")
    postgres.ask("CREATE DATABASE tight TEMPLATE migrated TABLESPACE small")
    with closing(Installation(folder, postgres.url("tight"), nursery)) as place:
        yield place
    postgres.drop("tight")
    postgres.ask("DROP TABLESPACE small")


def fill(path: Path, left: int) -> None:
    """Take all of the disk but so many bytes."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"\0" * 4096):
            pass
    os.truncate(path, path.stat().st_size - left)


@pytest.mark.parametrize("left", [0, 400_000], ids=["full", "room_for_an_intent_and_for_no_result"])
def test_a_full_disk_stops_the_work_and_loses_and_repeats_none(
    on_small_disk: Installation, small_disk: Path, left: int
) -> None:
    place = on_small_disk
    is_filled = place.folder / "is filled"
    document = line(effect("one", until=str(is_filled), returns_kb=900), effect("two"), effect("three"))
    worker = place.worker()
    run_ids = [place.begin(document).id for _ in range(RUNS)]
    place.until_event(run_ids[-1], "TOOL_INVOKED")
    fill(small_disk / "ballast", left)
    is_filled.touch()
    until(lambda: "what was decided waits" in worker.told())
    done = -1
    while done < (
        done := len(read(place.ledger))
    ):  # what has room is written, and SQLite's log has some laid out
        time.sleep(2)  # longer than a step takes; the rest tries and tries

    assert done < 3 * RUNS
    room = runs.get(place.rt, ME, run_ids[-1]).room_id
    assert watching.room_status(place.rt, ME, room)["is_disk_full"]
    assert health.check(place.rt).checks["database"].detail == health.FULL
    assert worker.told().count("sweep: ") <= 2
    with suppress(*AWAY):  # told so, unless what is this small still has room
        run_ids.append(place.begin(document).id)

    (small_disk / "ballast").unlink()
    assert all_over(place, run_ids, 30) == []
    assert not place.rt.db.is_full
    found = check(place.rt, run_ids, read(place.ledger))
    assert not found.violations, str(found)
    assert found.counts["repeated_effects"] == 0, str(found)
    assert not [event for run_id in run_ids for event in place.events(run_id, "WORKER_LOST")]


def test_so_does_a_full_disk_under_postgresql_that_is_started_again_when_it_has_room(
    postgres_on_small_disk: Installation, small_disk: Path, postgres: Postgres
) -> None:
    place = postgres_on_small_disk
    worker = place.worker()
    is_filled = place.folder / "is filled"
    document = line(*(effect(f"step{n}", until=str(is_filled), returns_kb=200) for n in range(8)))
    run_ids = [place.begin(document).id for _ in range(RUNS)]
    place.until_event(run_ids[-1], "TOOL_INVOKED")
    fill(small_disk / "ballast", 0)
    is_filled.touch()
    until(lambda: "what was decided waits" in worker.told())
    postgres.kill_server()
    time.sleep(1.5)  # it has been tried again
    (small_disk / "ballast").unlink()
    postgres.start()

    assert all_over(place, run_ids, 30) == []
    found = check(place.rt, run_ids, read(place.ledger))
    assert not found.violations, str(found)
    assert found.counts["repeated_effects"] == 0, str(found)


def test_a_run_in_the_foreground_says_once_whose_disk_is_full_and_goes_on_when_it_has_room(
    nursery: Nursery, folder: Path, small_disk: Path
) -> None:
    document = folder / "document.json"
    slow = {"provider": "scripted", "model": "slow:1.5", "prompt": "wait"}
    document.write_text(json.dumps(line(node("a", "AGENT_TASK", config=slow))))
    environment = {"TMPDIR": str(small_disk), "OPENROOMS_DATA_DIR": str(folder / "data")}
    command = nursery.fork("cli", ["run", str(document)], environment, folder / "run.log")
    until(lambda: command.log.exists() and "Asking scripted" in command.told())
    fill(small_disk / "ballast", 0)
    until(lambda: "what was decided waits" in command.told())
    time.sleep(1.5)  # it has been tried again
    (small_disk / "ballast").unlink()

    assert command.wait() == 0
    assert command.told().count(f"The disk of the database {small_disk}/openrooms-") == 1
    assert "COMPLETED" in command.told()


def test_without_room_for_what_sqlite_s_processes_share_its_disk_is_told_as_full(
    small_disk: Path, sqlite_template: Path
) -> None:
    path = small_disk / "openrooms.db"
    shutil.copy(sqlite_template, path)
    fill(small_disk / "ballast", 4_096)  # its log can be begun
    with closing(Database(f"sqlite:///{path}")) as database:
        with pytest.raises(DatabaseFull):
            database.ping()
        (small_disk / "ballast").unlink()
        database.ping()
