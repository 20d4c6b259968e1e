"""Tools that exit, crash, hang and hoard take down a child process, never the worker and what else it does."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.core.discovery import discover
from engine.core.identity import User
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.isolation import pool
from engine.services import control, history
from tests.core.drawing import drawn, line, node, way
from tests.fixtures.runtimes import MovableRuntime
from tests.runner.conftest import Place

NO_RETRY = {"max_attempts": 1}


@pytest.fixture
def place(hostile: str, sqlite_rt: MovableRuntime, editor: User) -> Iterator[Place]:
    """Isolation does not depend on the database; its catalogue has the hostile tools, which others' do not."""
    made = Place(replace(sqlite_rt, catalogue=discover()), editor)
    yield made
    made.runner.stop()


def calling(tool: str, ledger: Path | str = "", **fields: Any) -> dict[str, Any]:
    arguments = fields.pop("arguments", {}) | ({"ledger": str(ledger)} if ledger else {})
    config = {"tool": tool, "arguments": arguments}
    return node("work", "TOOL_EXECUTION", config=config, retry=NO_RETRY, save_as="x", **fields)


def handled(step: dict[str, Any]) -> dict[str, Any]:
    """A run that ends with the outcome of its one step and the code of its error."""
    ends = [
        node("good", "END", config={"output": "SUCCESS"}),
        node("end", "END", config={"output": "FAILURE"}),
    ]
    ends.append(node("late", "END", config={"output": "TIMEOUT"}))
    ways = [
        way("start", "work"),
        way("work", "good", "SUCCESS"),
        way("work", "end", "FAILURE"),
        way("work", "late", "TIMEOUT"),
    ]
    return drawn([node("start", "START"), step, *ends], ways)


def error_of(place: Place, run: Run) -> dict[str, Any]:
    events = history.events(place.rt, place.user, run.id)
    return next(event["error"] for event in events if event["type"] == "NODE_FAILED")


def types(place: Place, run: Run) -> list[str]:
    return [event["type"] for event in history.events(place.rt, place.user, run.id)]


def signed(ledger: Path) -> list[int]:
    return [int(text) for text in ledger.read_text().split()] if ledger.exists() else []


def wait_for(ledger: Path, times: int = 1, within_s: float = 20) -> list[int]:
    end = time.monotonic() + within_s
    while len(signed(ledger)) < times:
        assert time.monotonic() < end, f"the tool was called {len(signed(ledger))} times"
        time.sleep(0.01)
    return signed(ledger)


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def gone(pid: int, within_s: float = 20) -> bool:
    end = time.monotonic() + within_s
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not is_alive(pid)


def test_a_tool_that_blocks_runs_in_a_child_that_is_used_again(place: Place) -> None:
    room = place.room(line(calling("echoes"), end={"output": "{{ vars.x.pid }}"}))

    pids = [place.over(place.start(room).id).output for _ in range(3)]

    assert len(set(pids)) == 1
    assert pids[0] != os.getpid()


def test_a_worker_has_no_child_until_one_is_needed(place: Place) -> None:
    tool = node("sum", "TOOL_EXECUTION", config={"tool": "calculator", "arguments": {"expression": "1"}})
    before = children()

    place.over(place.start(place.room(line(tool))).id)

    assert not children() - before


def children() -> set[int]:
    """Of this process: other tests may have left some that are dying yet."""
    found: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # that thread has ended
            found.update(map(int, file.read_text().split()))
    return found


def test_a_child_sees_and_writes_the_rooms_memory(place: Place) -> None:
    first = node(
        "first",
        "TOOL_EXECUTION",
        config={"tool": "memory_store", "arguments": {"key": "who", "value": "Ada"}},
    )
    step = calling("echoes", arguments={"key": "who"})
    room = place.room(line(first, step, end={"output": ["{{ vars.x.memory }}", "{{ memory.seen }}"]}))

    assert place.over(place.start(room).id).output == ["Ada", "Ada"]


@pytest.mark.parametrize(
    ("tool", "how"), [("exits", "ended with exit code 3"), ("segfaults", "was killed by SIGSEGV")]
)
def test_a_step_that_kills_its_process_is_stopped_after_three_deaths(
    place: Place, tmp_path: Path, tool: str, how: str
) -> None:
    ledger = tmp_path / "calls"

    run = place.over(place.start(place.room(handled(calling(tool, ledger)))).id)

    assert (run.status, run.output) == (RunStatus.COMPLETED, "FAILURE")
    assert error_of(place, run)["code"] == "worker_lost"
    assert how in error_of(place, run)["message"]
    assert len(set(signed(ledger))) == 3
    assert types(place, run).count("WORKER_LOST") == 2
    assert history.replay_run(place.rt, place.user, run.id)["identical"]


def test_what_must_not_happen_twice_is_not_repeated_when_its_process_dies(
    place: Place, tmp_path: Path
) -> None:
    run = place.over(place.start(place.room(handled(calling("exits_once", tmp_path / "calls")))).id)

    assert run.output == "FAILURE"
    assert error_of(place, run)["code"] == "unknown_outcome"
    assert len(signed(tmp_path / "calls")) == 1


def test_a_tool_that_takes_all_memory_dies_at_its_cap(
    hostile: str, sqlite_rt: MovableRuntime, editor: User, tmp_path: Path
) -> None:
    settings = sqlite_rt.settings.model_copy(update={"child_memory_mb": 300})
    place = Place(replace(sqlite_rt, settings=settings, catalogue=discover()), editor)
    try:
        run = place.over(place.start(place.room(handled(calling("hoards", tmp_path / "calls")))).id)
        assert error_of(place, run)["code"] == "worker_lost"
        assert "ran out of the 300 MB" in error_of(place, run)["message"]
        assert len(set(signed(tmp_path / "calls"))) == 3
    finally:
        place.runner.stop()


def test_others_on_the_worker_go_on_while_children_die(place: Place, tmp_path: Path) -> None:
    slow = node("slow", "AGENT_TASK", config={"provider": "scripted", "model": "slow:1", "prompt": "wait"})
    calm = [place.start(place.room(line(slow))) for _ in range(3)]
    busy = place.start(place.room(line(calling("echoes", arguments={"seconds": 1}))))
    wild = [place.start(place.room(handled(calling(name)))) for name in ("exits", "segfaults", "spins")]

    for run in (*calm, busy):
        assert place.over(run.id).status is RunStatus.COMPLETED
        assert "WORKER_LOST" not in types(place, run)
    assert [place.over(run.id).output for run in wild] == ["FAILURE"] * 3


@pytest.mark.parametrize("tool", ["spins", "backtracks"])
def test_an_endless_loop_is_killed_at_the_tools_own_limit(place: Place, tmp_path: Path, tool: str) -> None:
    run = place.over(place.start(place.room(handled(calling(tool, tmp_path / "calls")))).id)

    assert (run.output, error_of(place, run)["code"]) == ("FAILURE", "timeout")
    assert gone(signed(tmp_path / "calls")[0])


def test_a_step_that_sleeps_too_long_is_killed_at_its_deadline(place: Place, tmp_path: Path) -> None:
    ledger = tmp_path / "calls"
    step = calling("echoes", ledger, arguments={"seconds": 60}, timeout_s=0.5)
    run = place.start(place.room(handled(step)))
    (pid,) = wait_for(ledger)

    assert place.over(run.id).output == "TIMEOUT"
    assert gone(pid)


def test_the_start_of_a_child_takes_nothing_from_a_steps_time(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = tmp_path / "python"
    late.write_text(f'#!/bin/sh\nsleep 1.2\nexec "{sys.executable}" "$@"\n')
    late.chmod(0o755)
    monkeypatch.setattr(pool, "sys", SimpleNamespace(executable=str(late)))
    step = calling("echoes", arguments={"seconds": 0.05}, timeout_s=1.2)

    assert place.over(place.start(place.room(handled(step))).id).output == "SUCCESS"


def test_cancel_kills_a_blocking_tool_and_what_it_has_started(place: Place, tmp_path: Path) -> None:
    ledger = tmp_path / "calls"
    room = place.room(line(calling("starts_another", ledger)))
    run = place.start(room)
    (grandchild,) = wait_for(ledger)
    assert is_alive(grandchild)

    control.cancel(place.rt, place.user, room)

    assert place.over(run.id).status is RunStatus.CANCELLED
    assert gone(grandchild)


def test_a_tool_that_breaks_or_leaves_politely_has_failed_and_its_child_lives_on(place: Place) -> None:
    for tool, said in (("raises", "LookupError: nothing there"), ("leaves", "SystemExit: 5")):
        run = place.over(place.start(place.room(handled(calling(tool)))).id)
        assert error_of(place, run)["code"] == "step_crashed"
        assert error_of(place, run)["message"] == said
        assert "WORKER_LOST" not in types(place, run)


def test_a_step_that_leaves_from_the_loop_takes_nobody_along(place: Place) -> None:
    run = place.over(place.start(place.room(handled(calling("leaves_the_loop")))).id)

    assert error_of(place, run)["message"] == "SystemExit: 5"
    slow = node("slow", "AGENT_TASK", config={"provider": "scripted", "model": "slow:0.1", "prompt": "wait"})
    assert place.over(place.start(place.room(line(slow))).id).status is RunStatus.COMPLETED


def test_an_agents_blocking_tool_runs_in_a_child_and_its_death_is_an_observation(place: Place) -> None:
    agent = node(
        "ask",
        "AGENT_TASK",
        config={"provider": "scripted", "model": "tool:exits", "prompt": "{}", "tools": ["exits"]},
    )
    run = place.over(place.start(place.room(line(agent, end={"output": "{{ vars.ask }}"}))).id)

    assert run.status is RunStatus.COMPLETED, run.error
    assert "The process that executed it ended with exit code 3" in run.output
    assert "WORKER_LOST" not in types(place, run)


def test_children_end_with_their_worker(place: Place, tmp_path: Path) -> None:
    ledger = tmp_path / "calls"
    other = Place(place.rt, place.user)
    other.start(place.room(line(calling("echoes", ledger, arguments={"seconds": 5}))))
    pid = wait_for(ledger)[0]

    other.runner.stop()

    assert gone(pid)


def test_a_child_knows_none_of_the_installations_keys(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENROOMS_SECRET_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENROOMS_DATABASE_URL"):
        monkeypatch.setenv(name, "sesame")
    monkeypatch.setenv("TOOLS_OWN", "sesame")

    run = place.over(place.start(place.room(line(calling("environment"), end={"output": "{{ vars.x }}"}))).id)

    assert run.output == ["TOOLS_OWN"]
