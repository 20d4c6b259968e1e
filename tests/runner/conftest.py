"""A room with a workflow on a real database, and runners that drive it in this process."""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from engine.core.catalogue import Catalogue, Effect, StepContext, tool
from engine.core.document import Frozen
from engine.core.identity import User
from engine.core.runview import Run
from engine.runner import Runner
from engine.runtime import Runtime
from engine.services import runs
from engine.store.tables import RoomRow, VersionRow, WorkflowRow
from tests.core.drawing import node

_gates: dict[int, "Gate"] = {}
_numbers = itertools.count(1)


class Held(Frozen):
    gate: int


@tool(Held, title="Held", category="test", effect=Effect.EXTERNAL, timeout_s=120)
async def held(params: Held, ctx: StepContext) -> str:
    """Wait at a gate."""
    gate = _gates[params.gate]
    gate.begun.append(ctx.run_id)
    while not gate.is_open.is_set():
        await asyncio.sleep(0.005)
    return "passed"


class Gate:
    """Where steps are under way for as long as a test needs them so, however busy the machine."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.is_open = threading.Event()
        self.begun: list[str] = []
        """The run of each attempt that has come to it."""
        self._number = next(_numbers)
        _gates[self._number] = self
        if "held" not in catalogue.tools:
            catalogue.add(held)

    def step(self, id_: str = "held") -> dict[str, Any]:
        config = {"tool": "held", "arguments": {"gate": self._number}}
        return node(id_, "TOOL_EXECUTION", config=config)


class Rooms:
    """Makes rooms for documents, with nobody who drives their runs."""

    def __init__(self, rt: Runtime, user: User) -> None:
        self.rt, self.user = rt, user

    def room(self, document: dict[str, Any], **fields: Any) -> str:
        now_us = self.rt.now_us()
        text = orjson.dumps(document).decode()
        workflow_id, room_id = self.rt.new_id(), self.rt.new_id()
        with self.rt.db.write() as session:
            session.add(
                WorkflowRow(
                    id=workflow_id,
                    name="Drawn",
                    status="ACTIVE",
                    draft=text,
                    latest_version=1,
                    created_us=now_us,
                    updated_us=now_us,
                )
            )
            session.flush()
            session.add(
                VersionRow(
                    workflow_id=workflow_id,
                    number=1,
                    document=text,
                    sha256="",
                    meaning_sha256="",
                    created_us=now_us,
                )
            )
            session.add(
                RoomRow(
                    id=room_id,
                    name="Room",
                    workflow_id=workflow_id,
                    created_us=now_us,
                    updated_us=now_us,
                    **fields,
                )
            )
        return room_id

    def get(self, run_id: str) -> Run:
        return runs.get(self.rt, self.user, run_id)

    def queue(self, room_id: str) -> str:
        """A run that waits for a driver; its id."""
        return runs.start(self.rt, self.user, room_id).id


class Place(Rooms):
    """A runtime with one runner; waits for what runs become."""

    def __init__(self, rt: Runtime, user: User) -> None:
        super().__init__(rt, user)
        self.runner = Runner(rt, threads=4)
        self.runner.start()

    def start(self, room_id: str, input_: Any = None) -> Run:
        run = runs.start(self.rt, self.user, room_id, input_)
        self.runner.activate(run.id)
        return run

    def until(self, run_id: str, is_so: Callable[[Run], object], within_s: float = 30) -> Run:
        end = time.monotonic() + within_s
        while not is_so(run := self.get(run_id)):
            assert time.monotonic() < end, f"the run stays {run.status}: {run.error}"
            time.sleep(0.01)
        return run

    def over(self, run_id: str) -> Run:
        return self.until(run_id, lambda run: run.status.is_over)


@pytest.fixture
def gate(rt: Runtime) -> Gate:
    return Gate(rt.catalogue)


@pytest.fixture
def place(rt: Runtime, editor: User) -> Iterator[Place]:
    made = Place(rt, editor)
    yield made
    made.runner.stop()


@pytest.fixture
def rooms(rt: Runtime, editor: User) -> Rooms:
    return Rooms(rt, editor)
