"""hypothesis plays with one room: at every moment its status is one that a small model allows, and everybody who asks
is told what the model expects.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.core.errors import IllegalTransition
from engine.core.run import MOVES, RunStatus
from engine.services import control, history, runs
from engine.services.control import Signal
from tests.core.drawing import chain, drawn, line, node
from tests.crash.installation import ME
from tests.crash.workflows import effect
from tests.simulation.installation import engine, installed
from tests.simulation.scheduler import Process
from tests.simulation.store import Mishap

Q, R, P, W = RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.WAITING
ENDS = {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED}
SECONDS = st.sampled_from([0.001, 0.05, 0.3, 2.5, 7])


def first_version() -> dict[str, Any]:
    """An effect, a rest, a question, an effect."""
    rest, ask = node("rest", "WAIT", config={"duration_s": 3}), node("ask", "WAIT", config={"signal": "go"})
    return line(effect("one"), rest, ask, effect("two"), end={"output": "{{ vars.ask }}"})


def second_version() -> dict[str, Any]:
    """One that fails, unless it is tried again."""
    ask = node("ask", "WAIT", config={"signal": "go"})
    nodes = [node("start", "START"), ask, effect("fails", fails=9), node("end", "END")]
    ways = [*chain("start", "ask", "fails"), *chain("fails", "end", on="SUCCESS")]
    return drawn(nodes, ways)


class Model:
    """What is known of a room by whoever sent it wishes: the statuses that its run may have by now."""

    def __init__(self) -> None:
        self.run_id: str | None = None
        self.is_cancelled = False
        self.is_paused = False
        """As people asked last; a run that is over is neither."""
        self.version = 1

    def begins(self, run_id: str) -> None:
        self.run_id, self.is_cancelled, self.is_paused = run_id, False, False

    def may_be(self, before: RunStatus, now: RunStatus) -> bool:
        """Whether a run may have gone from one to the other, by any legal moves."""
        seen, new = {before}, {before}
        while new:
            new = {status for old in new for status in MOVES[old]} - seen
            seen |= new
        return now in seen


class Room(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.place = self.stack.enter_context(installed(1))
        self.mishaps: list[Mishap | None] = []
        self.place.fate = self._fate
        self.place.hire()
        self.workflow = self.place.workflow(first_version())
        self.room = self.place.room(self.workflow)
        self.model = Model()
        self.last: RunStatus | None = None
        self.requests = 0
        self.sent: dict[str, str] = {}

    def teardown(self) -> None:
        """Bring all back: the run ends by itself once it is resumed and answered."""
        try:
            self._bring_back()
            for _ in range(20):
                self.place.run(8, self.place.is_over)
                if self.place.is_over():
                    break
                self._help()
            assert self.place.is_over(), self.place.statuses()
            found = self.place.checked()
            assert not found.violations, found
        finally:
            self.stack.close()

    def _bring_back(self) -> None:
        self.mishaps.clear()
        self.place.redis.is_alive, self.place.redis.lost = True, 0
        if not any(worker.is_up for worker in self.place.workers):
            self.place.hire()

    def _help(self) -> None:
        status = history.status(self.place.rt, ME, self.room)
        if status["status"] == P:
            control.resume(self.place.rt, ME, self.room)
        for waiting in status["signals"]:
            control.signal(self.place.rt, ME, self.room, Signal(name=waiting["name"], payload="helped"))

    def _fate(self, process: Process, writes: bool) -> Mishap | None:
        if not self.mishaps or not writes or not process.name.startswith("w"):
            return None
        return self.mishaps.pop()

    def _status(self) -> RunStatus | None:
        return self.place.get(self.model.run_id).status if self.model.run_id else None

    def _to_come(self) -> RunStatus | None:
        """The status of the live run once all wishes that lie before it were applied; None if there is none."""
        status = self._status()
        if status is None or status.is_over:
            return None
        for kind in self._unread():
            if kind == "cancel":
                return RunStatus.CANCELLED
            status = P if kind == "pause" else R if kind == "resume" and status is P else status
        return status

    def _unread(self) -> list[str]:
        with engine().connect() as connection:
            return list(
                connection.exec_driver_sql(
                    "SELECT kind FROM inbox JOIN run ON run.id = run_id WHERE inbox.id > inbox_done AND live"
                    " ORDER BY inbox.id"
                ).scalars()
            )

    # People

    @rule(is_repeated=st.booleans())
    def start(self, is_repeated: bool) -> None:
        """Accepted by a free room; a repeated request gives the run it gave before."""
        before = self._status()
        if is_repeated and self.sent:
            request_id = next(iter(self.sent))
            again = runs.start(self.place.rt, ME, self.room, request_id=request_id)
            assert again.id == self.sent[request_id]
            return
        self.requests += 1
        request_id = f"request{self.requests}"
        try:
            run = runs.start(self.place.rt, ME, self.room, request_id=request_id)
        except runs.RoomBusy:
            assert before is not None, "refused though the room was free"
            assert not before.is_over, "refused though the room was free"
            return
        assert before is None or before.is_over, "accepted though the room was taken"
        assert run.version == self.model.version
        self.sent[request_id] = run.id
        self.model.begins(run.id)
        self.last = Q

    @rule(what=st.sampled_from(["pause", "resume", "resume", "pause", "cancel"]))
    def steer(self, what: str) -> None:
        model = self.model
        if what == "pause":
            model.is_paused |= self._steer(control.pause, {Q, R, W})
        elif what == "resume":
            model.is_paused &= not self._steer(control.resume, {P})
        else:
            model.is_cancelled |= self._steer(control.cancel, {Q, R, P, W})

    def _steer(self, ask: Any, legal: set[RunStatus]) -> bool:
        """Whether it was accepted; it must be just when the run stands where it is legal."""
        expected = self._to_come()
        try:
            ask(self.place.rt, ME, self.room)
        except IllegalTransition:
            assert expected not in legal, f"refused though the run is {expected}"
            return False
        assert expected in legal, f"accepted though the run is {expected}"
        return True

    @rule(times=st.integers(1, 2))
    def signal(self, times: int) -> None:
        """Delivered once, however often it is sent."""
        self.requests += 1
        sent = Signal(name="go", payload=self.requests, request_id=f"signal{self.requests}")
        for _ in range(times):
            is_live = self._to_come() is not None
            try:
                control.signal(self.place.rt, ME, self.room, sent)
            except IllegalTransition:
                assert not is_live
            else:
                assert is_live

    @precondition(lambda self: self._status() in (RunStatus.FAILED, RunStatus.CANCELLED))
    @rule()
    def retry(self) -> None:
        assert self.model.run_id is not None
        run = runs.retry(self.place.rt, ME, self.model.run_id)
        assert run.retry_of == self.model.run_id
        assert run.version == self.place.get(self.model.run_id).version
        self.model.begins(run.id)
        self.last = Q

    @rule()
    def publish(self) -> None:
        """A run keeps the version it was started with; the next one follows."""
        document = second_version() if self.model.version % 2 else first_version()
        self.model.version = self.place.publish(self.workflow, document)

    # Time and mishaps

    @rule(milliseconds=st.integers(1, 400))
    def wait_a_moment(self, milliseconds: int) -> None:
        self.place.run(milliseconds / 1000)

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.place.run(seconds)

    @rule(what=st.sampled_from(["ring again", "lose bells", "hear bells", "kill or revive"]))
    def ring(self, what: str) -> None:
        redis = self.place.redis
        if what == "ring again" and self.model.run_id:
            self.place.ring(self.model.run_id)
        elif what == "kill or revive":
            redis.is_alive = not redis.is_alive
            self.place.wipe()
        else:
            redis.lost = what == "lose bells"

    @rule()
    def hire(self) -> None:
        if sum(worker.is_up for worker in self.place.workers) < 3:
            self.place.hire()

    @rule(number=st.integers(0, 2), is_orderly=st.booleans())
    def lose_worker(self, number: int, is_orderly: bool) -> None:
        up = [worker for worker in self.place.workers if worker.is_up]
        if number < len(up):
            (self.place.dismiss if is_orderly else self.place.kill)(up[number])

    @rule(number=st.integers(0, 2), seconds=SECONDS)
    def stall(self, number: int, seconds: float) -> None:
        up = [worker for worker in self.place.workers if worker.is_up]
        if number < len(up):
            self.place.stall(up[number], seconds)

    @rule(
        mishap=st.sampled_from([mishap for mishap in Mishap if mishap is not Mishap.STOPPED]),
        after=st.integers(0, 9),
    )
    def befall(self, mishap: Mishap, after: int) -> None:
        """Something befalls one of the next writes of a worker."""
        self.mishaps = [mishap, *[None] * after]

    @rule()
    def settle(self) -> None:
        """Nothing goes wrong for a while: every wish is obeyed, and what can go on has gone on."""
        self._bring_back()
        self.place.run(15)
        status, model = self._status(), self.model
        if status is None:
            return
        assert not self._unread()
        if model.is_cancelled:
            assert status in ENDS
        elif model.is_paused:
            assert status is P or status.is_over
        else:
            assert status is W or status.is_over, status

    # What always holds

    @invariant()
    def the_status_is_legal(self) -> None:
        status = self._status()
        if status is None or self.last is None:
            return
        assert self.model.may_be(self.last, status), f"{self.last} -> {status}"
        if status.is_over and self.model.is_cancelled:
            assert status in ENDS
        self.last = status
        shown = history.status(self.place.rt, ME, self.room)["status"]
        assert shown == status
        if not status.is_over:
            assert self.place.statuses().count(status) >= 1
        assert not self.place.accusations, self.place.accusations


TestRoom = Room.TestCase
TestRoom.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
