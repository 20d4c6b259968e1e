"""Steps that take their whole worker down: real workers, revived as `up` does it, and other runs that go on."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.core.identity import User
from engine.core.run import RunStatus
from engine.services import history, runs
from engine.store.claims import CROWD
from tests.core.drawing import line, node
from tests.crash.nursery import Child, Nursery
from tests.fixtures.plugged_in import plug_in
from tests.fixtures.runtimes import MovableRuntime
from tests.runner.conftest import Place
from tests.runner.test_children import calling, error_of, gone, handled, signed, types, wait_for

pytestmark = [pytest.mark.crash, pytest.mark.timeout(180)]

WATCHDOG_S = 3
CROWDED = 2 * CROWD


class Workers(Place):
    """Worker processes, looked after as by the supervisor; `exits` lists how they ended."""

    def __init__(self, rt: MovableRuntime, user: User, nursery: Nursery, count: int) -> None:
        self.rt, self.user, self._nursery = rt, user, nursery
        self.exits: list[int] = []
        self._environment = {
            "OPENROOMS_DATA_DIR": str(rt.settings.data_dir),
            "OPENROOMS_DATABASE_URL": rt.settings.database_url,
            "OPENROOMS_REDIS_URL": rt.settings.redis_url,
            "OPENROOMS_WATCHDOG_S": str(WATCHDOG_S),
        }
        self.log = rt.settings.data_dir / "workers.log"
        self.processes = [self._worker() for _ in range(count)]
        self._stop = threading.Event()
        self._nurse = threading.Thread(target=self._look_after)
        self._nurse.start()

    def _worker(self, *arguments: str) -> Child:
        return self._nursery.fork(
            "cli", ["worker", "--threads", "4", *arguments], self._environment, self.log
        )

    def _look_after(self) -> None:
        while not self._stop.wait(0.05):
            for index, process in enumerate(self.processes):
                if not process.is_alive():
                    self.exits.append(process.wait())
                    self.processes[index] = self._worker("--replaces", str(process.pid))

    def reduce(self, count: int) -> None:
        """Send the others home."""
        home, self.processes = self.processes[count:], self.processes[:count]
        for process in home:
            process.send(signal.SIGTERM)
            process.wait()

    def stop(self) -> None:
        self._stop.set()
        self._nurse.join()
        for process in self.processes:
            process.send(signal.SIGTERM)
        for process in self.processes:
            process.wait()

    def begin(self, document: dict[str, Any]) -> str:
        return runs.start(self.rt, self.user, self.room(document)).id

    def told(self) -> str:
        return self.log.read_text()


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """A nursery whose workers know the hostile tools."""
    with closing(Nursery(plug_in(tmp_path_factory.mktemp("hostile")))) as nursery:
        yield nursery


@pytest.fixture
def workers(hostile: str, sqlite_rt: MovableRuntime, editor: User, poisoned: Nursery) -> Iterator[Workers]:
    made = Workers(sqlite_rt, editor, poisoned, 2)
    yield made
    made.stop()


def a_quiet_run(workers: Workers) -> str:
    """Something innocent that is under way for as long as the poison works."""
    slow = [
        node(f"slow{n}", "AGENT_TASK", config={"provider": "scripted", "model": "slow:2", "prompt": "wait"})
        for n in range(3)
    ]
    return workers.begin(line(*slow))


def over(workers: Workers, run_id: str) -> Any:
    return workers.until(run_id, lambda run: run.status.is_over, within_s=100)


@pytest.mark.parametrize(
    ("tool", "code"), [("exits_at_once", 3), ("spins_at_once", 70)], ids=["exits", "loops without end"]
)
def test_a_pure_step_that_takes_its_worker_down_ends_with_worker_lost(
    workers: Workers, tmp_path: Path, tool: str, code: int
) -> None:
    quiet = a_quiet_run(workers)

    run = over(workers, workers.begin(handled(calling(tool, tmp_path / "calls"))))

    assert run.output == "FAILURE"
    assert error_of(workers, run)["code"] == "worker_lost", workers.told()
    assert set(workers.exits) == {code}
    assert len(workers.exits) <= 2
    assert types(workers, run).count("WORKER_LOST") == 2
    assert history.replay_run(workers.rt, workers.user, run.id)["identical"]
    assert over(workers, quiet).status is RunStatus.COMPLETED


def test_a_step_that_never_gives_the_loop_back_ends_with_worker_lost(
    workers: Workers, tmp_path: Path
) -> None:
    quiet = a_quiet_run(workers)
    spinner = node("work", "SPINNER", config={"ledger": str(tmp_path / "calls")}, retry={"max_attempts": 1})

    run = over(workers, workers.begin(handled(spinner)))

    assert error_of(workers, run)["code"] == "worker_lost", workers.told()
    assert "did not answer" in error_of(workers, run)["message"]
    assert workers.exits == [70]
    assert f"node work of run {run.id} holds this worker up" in workers.told()
    assert "hostile_tools.py" in workers.told()
    assert len(set(signed(tmp_path / "calls"))) == 3
    assert over(workers, quiet).status is RunStatus.COMPLETED


def test_a_crowd_of_steps_that_wait_goes_on_on_the_loop_and_the_poison_among_them_is_found(
    workers: Workers, tmp_path: Path
) -> None:
    workers.reduce(1)
    calm, wild, answer, go = (tmp_path / name for name in ("calm", "wild", "answer", "go"))
    poison = workers.begin(handled(calling("exits_when_told", wild, arguments={"key": str(go)})))
    innocent = line(calling("waits", calm, arguments={"key": str(answer)}))
    crowd = [workers.begin(innocent) for _ in range(CROWDED)]
    first = workers.processes[0]
    assert set(wait_for(calm, CROWDED, within_s=90) + wait_for(wild)) == {first.pid}

    first.send(signal.SIGKILL)

    wait_for(calm, 2 * CROWDED)
    answer.touch()
    assert all(over(workers, run_id).status is RunStatus.COMPLETED for run_id in crowd)
    second = workers.processes[0]
    assert Counter(signed(calm)) == {first.pid: CROWDED, second.pid: CROWDED}  # and no child
    go.touch()
    run = over(workers, poison)
    assert error_of(workers, run)["code"] == "worker_lost", workers.told()
    assert error_of(workers, run)["message"].startswith("3 processes died")
    assert workers.exits == [-signal.SIGKILL, 3]
    *on_loops, in_child = signed(wild)
    assert on_loops == [first.pid, second.pid]
    assert in_child != workers.processes[0].pid
    for run_id in (run.id, crowd[0], crowd[-1]):
        assert history.replay_run(workers.rt, workers.user, run_id)["identical"]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().split()[3])


def test_with_a_worker_that_is_killed_die_its_children_and_what_they_have_started(
    workers: Workers, tmp_path: Path
) -> None:
    ledger = tmp_path / "calls"
    run_id = workers.begin(line(calling("starts_another", ledger, arguments={"seconds": 5})))
    (grandchild,) = wait_for(ledger, within_s=90)
    child = parent_of(grandchild)

    os.kill(parent_of(child), signal.SIGKILL)

    assert gone(child)
    assert gone(grandchild, within_s=4)  # by itself it would end a second later
    assert over(workers, run_id).status is RunStatus.COMPLETED


def test_a_worker_that_was_stopped_as_a_whole_is_not_taken_for_stuck(
    workers: Workers, tmp_path: Path
) -> None:
    run_id = a_quiet_run(workers)
    workers.until(run_id, lambda run: run.status is RunStatus.RUNNING and run.seq > 3, within_s=90)
    for process in workers.processes:
        process.send(signal.SIGSTOP)
    time.sleep(WATCHDOG_S + 2)
    for process in workers.processes:
        process.send(signal.SIGCONT)

    assert over(workers, run_id).status is RunStatus.COMPLETED
    assert workers.exits == []


def test_a_worker_that_is_told_to_stop_does_not_wait_for_a_step_that_has_its_thread(
    workers: Workers, tmp_path: Path
) -> None:
    workers.reduce(1)
    run_id = workers.begin(
        line(calling("rests_at_once", tmp_path / "calls", arguments={"key": str(tmp_path / "go")}))
    )
    wait_for(tmp_path / "calls", within_s=90)

    workers.processes[0].send(signal.SIGTERM)

    within = time.monotonic() + 3 * WATCHDOG_S
    while not workers.exits:
        assert time.monotonic() < within, workers.told()
        time.sleep(0.05)
    assert workers.exits == [70]
    (tmp_path / "go").touch()
    assert over(workers, run_id).status is RunStatus.COMPLETED
