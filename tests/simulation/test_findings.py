"""What the simulation has found once, each as the shortest story that shows it."""

from engine.core.run import RunStatus
from engine.runner import Runner
from engine.runner.drive import Drive, Stopped
from engine.services import runs
from tests.core.drawing import line, tool
from tests.crash import workflows
from tests.crash.installation import ME
from tests.simulation.installation import installed
from tests.simulation.scheduler import Process
from tests.simulation.store import Mishap
from tests.simulation.threads import replaced


def test_a_run_that_waited_long_survives_that_the_database_goes_away_while_its_version_is_read() -> None:
    with installed(1) as place:
        run = runs.start(place.rt, ME, place.room(line(tool("a"))))
        place.run(70)
        place.hire()
        away = [1]

        def fate(process: Process, writes: bool) -> Mishap | None:
            is_planning = not writes and place.get(run.id).status is RunStatus.QUEUED and _owner(run.id)
            if is_planning and away:
                away.pop()
                return Mishap.AWAY
            return None

        place.fate = fate
        place.run(10, place.is_over)

        assert not away
        assert place.get(run.id).status is RunStatus.COMPLETED
        assert not place.checked().violations


def test_who_comes_between_two_runs_of_a_room_stands_behind_those_in_line() -> None:
    with installed(1) as place:
        room = place.room(line(tool("a")), queue_runs=True)
        first, second = (runs.start(place.rt, ME, room).id for _ in range(2))
        worker = place.hire()
        place.fate = lambda process, writes: (
            Mishap.CRASH_BEFORE if process is worker and place.get(first).status.is_over else None
        )
        place.run(5)
        place.fate = lambda process, writes: None
        assert place.get(second).status is RunStatus.QUEUED
        third = runs.start(place.rt, ME, room).id
        place.hire(replaces=worker)
        place.run(10, place.is_over)

        assert place.get(second).ended_at <= place.get(third).started_at
        assert not place.checked().violations


def test_a_crash_of_the_engine_counts_once_for_a_run_that_shares_its_worker() -> None:
    """Two are borne; the third would give the run up."""
    turn, crashes = Drive._turn, [RuntimeError("first"), RuntimeError("second")]

    def crashing(self: Drive) -> Stopped:
        if self._state.steps > 1 and crashes:
            raise crashes.pop()
        return turn(self)

    with (
        replaced(Drive, "_turn", crashing),
        replaced(Runner, "is_shared", lambda _: True),
        installed(1) as place,
    ):
        place.hire()
        run = runs.start(place.rt, ME, place.room(workflows.with_quick_effects()))
        place.run(20, place.is_over)

        assert not crashes
        assert place.get(run.id).status is RunStatus.COMPLETED


def _owner(run_id: str) -> str | None:
    from tests.simulation.installation import engine

    with engine().connect() as connection:
        found = connection.exec_driver_sql("SELECT owner FROM run WHERE id = ?", (run_id,)).scalar_one()
    return None if found is None else str(found)
