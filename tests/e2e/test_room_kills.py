"""A room's page that is open while everything behind it is killed: it says so, keeps up, and never tells what is not so."""

import os
import signal
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.core.run import MOVES, RunStatus
from engine.store import workers
from tests.e2e.conftest import RunningApp
from tests.e2e.room_page import named, open_room, status
from tests.fixtures.drawings import drawing
from tests.fixtures.running import until

pytestmark = pytest.mark.e2e

SLOW = {"config": {"provider": "scripted", "model": "slow:0.5", "prompt": "wait"}}
STEPS = [f"agent{number}" for number in range(16)]
LONG = drawing(
    "start > " + " > ".join(STEPS) + " > end", **{name: {"type": "AGENT_TASK", **SLOW} for name in STEPS}
)
NOTE = """() => {
  window.seen = [];
  const look = () => {
    const shown = document.querySelector('[data-testid=room-status]')?.textContent ?? '';
    const link = document.querySelector('[data-testid=connection]')?.textContent ?? '';
    const now = `${shown}|${link.includes('reconnecting') ? 'lost' : 'live'}`;
    if (window.seen.at(-1) !== now) window.seen.push(now);
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
  look();
}"""


def parts(app: RunningApp, name: str) -> list[int]:
    """The children of `up` that are a `name`."""
    found = []
    for pid in Path(f"/proc/{app.process.pid}/task/{app.process.pid}/children").read_text().split():
        with suppress(OSError):  # it has ended since
            if name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                found.append(int(pid))
    return found


def kill_part(app: RunningApp, name: str) -> None:
    """kill -9 a child of `up`, which starts another one."""
    for pid in parts(app, name):
        os.kill(pid, signal.SIGKILL)


def kill_redis(app: RunningApp) -> None:
    os.kill(int((app.data_dir / "redis.pid").read_text()), signal.SIGKILL)


def test_the_page_keeps_up_while_all_parts_are_killed(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(LONG, "Under fire"))
    open_room(as_ada, running_app, room)
    as_ada.get_by_label("Least level").select_option("DEBUG")
    as_ada.evaluate(NOTE)
    run = running_app.start(room)

    expect(status(as_ada)).to_have_text("Running")
    for kill in (
        lambda: kill_part(running_app, "worker"),
        lambda: kill_redis(running_app),
        lambda: kill_part(running_app, "web"),
        lambda: kill_part(running_app, "worker"),
    ):
        time.sleep(1)
        kill()

    expect(status(as_ada)).to_have_text("Completed", timeout=90_000)
    expect(as_ada.get_by_test_id("connection")).to_be_empty(timeout=30_000)
    events = until(
        lambda: found if (found := running_app.events(run))[-1]["type"] == "ROOM_COMPLETED" else None
    )
    expect(as_ada.get_by_test_id("log-count")).to_have_text(f"{len(events)} lines")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert any(event["type"] == "WORKER_LOST" for event in events)
    seen = [look.split("|") for look in as_ada.evaluate("window.seen")]
    assert "lost" in [link for _, link in seen]
    shown = [RunStatus[word.upper()] for word, _ in seen if word and word != "Idle"]
    told = [now for before, now in pairwise([RunStatus.QUEUED, *shown]) if now is not before]
    assert all(
        now in MOVES[before] for before, now in pairwise([RunStatus.QUEUED, *told]) if now is not before
    ), told
    complaints.clear()  # of the requests that could not be made


def test_whoever_only_looks_learns_at_once_of_a_run_that_no_worker_takes(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    rooms = [running_app.make_room(named(drawing("start > a > end"), "Unserved")) for _ in range(5)]
    queued, unserved = status(as_ada), as_ada.get_by_test_id("unserved")

    def learns_at_once(room: str) -> bool:
        """Before it looks by itself."""
        open_room(as_ada, running_app, room)
        expect(queued).to_have_text("Idle")
        running_app.start(room)
        began = time.monotonic()
        expect(queued).to_have_text("Queued")
        expect(unserved).to_contain_text("No worker is alive")
        return time.monotonic() - began < 2

    (worker,) = parts(running_app, "worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        with running_app.rt.db.write() as session:
            (alive,) = workers.alive(session, running_app.rt.now_us())
            workers.expire(session, worker_id=alive.id)
        assert any(learns_at_once(room) for room in rooms)  # a machine that is busy makes one late
    finally:
        os.kill(worker, signal.SIGCONT)
    expect(status(as_ada)).to_have_text("Completed")
    expect(unserved).to_be_empty()
