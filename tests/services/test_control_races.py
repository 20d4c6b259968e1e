"""Many people steer one run at the same moment: one legal history, and each is told what happened."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from engine.core.errors import IllegalTransition
from engine.core.identity import User
from engine.core.room import NewRoom
from engine.core.runview import Run
from engine.runtime import Runtime
from engine.services import control, rooms, runs, versions, workflows
from engine.services.control import Signal
from engine.store import inbox
from tests.core.drawing import line, node

AT_ONCE = 8


@pytest.fixture
def room_id(rt: Runtime, editor: User) -> str:
    """A room whose run nobody drives."""
    document = line(node("ask", "WAIT", config={"signal": "go"}))
    workflow = workflows.create(rt, editor, document)
    versions.publish(rt, editor, workflow.id)
    room = rooms.create(rt, editor, NewRoom(name="Room", workflow_id=workflow.id))
    runs.start(rt, editor, room.id)
    return room.id


def told_at_once(wish: Callable[[], Run]) -> Counter[str]:
    """What each of some that wish the same at the same moment is told."""
    together = Barrier(AT_ONCE)

    def ask(_: int) -> str:
        together.wait()
        try:
            wish()
        except IllegalTransition:
            return "refused"
        return "accepted"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(ask, range(AT_ONCE)))


def wishes(rt: Runtime, editor: User, room_id: str) -> list[str]:
    (run,) = runs.list_runs(rt, editor, runs.Sought(room_id=room_id)).items
    with rt.db.read() as session:
        return [kind for _, kind, _ in inbox.unread(session, run.id, 0)]


@pytest.mark.parametrize("wish", [control.pause, control.cancel])
def test_one_of_those_who_wish_the_same_is_accepted(
    rt: Runtime, editor: User, room_id: str, wish: Callable[[Runtime, User, str], Run]
) -> None:
    told = told_at_once(lambda: wish(rt, editor, room_id))

    assert told == {"accepted": 1, "refused": AT_ONCE - 1}
    assert wishes(rt, editor, room_id) == [wish.__name__]


def test_a_signal_sent_many_times_with_one_request_id_is_kept_once(
    rt: Runtime, editor: User, room_id: str
) -> None:
    sent = Signal(name="go", request_id="once")

    assert told_at_once(lambda: control.signal(rt, editor, room_id, sent)) == {"accepted": AT_ONCE}
    assert wishes(rt, editor, room_id) == ["signal"]
