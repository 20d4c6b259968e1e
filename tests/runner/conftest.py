"""A room with a workflow on a real database, and runners that drive it in this process."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from engine.core.identity import User
from engine.core.runview import Run
from engine.runner import Runner
from engine.runtime import Runtime
from engine.services import runs
from engine.store.tables import RoomRow, VersionRow, WorkflowRow


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

    def until(self, run_id: str, is_so: Callable[[Run], bool], within_s: float = 30) -> Run:
        end = time.monotonic() + within_s
        while not is_so(run := self.get(run_id)):
            assert time.monotonic() < end, f"the run stays {run.status}: {run.error}"
            time.sleep(0.01)
        return run

    def over(self, run_id: str) -> Run:
        return self.until(run_id, lambda run: run.status.is_over)


@pytest.fixture
def place(rt: Runtime, editor: User) -> Iterator[Place]:
    made = Place(rt, editor)
    yield made
    made.runner.stop()


@pytest.fixture
def rooms(rt: Runtime, editor: User) -> Rooms:
    return Rooms(rt, editor)
