"""What a run is told in the instant in which it ends: whoever was told that it is accepted comes before the end."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine.core.catalogue import Effect, Runs, StepContext, StepError, tool
from engine.core.document import Frozen
from engine.core.identity import User
from engine.core.run import RunStatus
from engine.runner.committer import Committer
from engine.services import control, history
from tests.core.drawing import line, node
from tests.core.drawing import tool as pure
from tests.fixtures.runtimes import MovableRuntime
from tests.runner.conftest import Gate, Place
from tests.runner.test_sharing import under_way

TOUCHED: Counter[str] = Counter()


class Touch(Frozen):
    fails: bool = False


@tool(Touch, title="Touch", category="test", effect=Effect.EXTERNAL, runs=Runs.AT_ONCE)
def touch(params: Touch, ctx: StepContext) -> str:
    """Counts its effects, and may fail after it."""
    TOUCHED[ctx.run_id] += 1
    if params.fails:
        raise StepError("It broke.", code="broken", retryable=False)
    return "touched"


def touching(id_: str, *, fails: bool = False) -> dict[str, Any]:
    return node(id_, "TOOL_EXECUTION", config={"tool": "touch", "arguments": {"fails": fails}})


@pytest.fixture(params=["when_it_blocks", "every_step", "beside_another"])
def place(request: pytest.FixtureRequest, rt: MovableRuntime, editor: User) -> Iterator[Place]:
    """Committed by the driver itself, behind it, and by the committer for a run that shares its worker."""
    rt.catalogue.add(touch)
    commit = "every_step" if request.param == "every_step" else "when_it_blocks"
    made = Place(replace(rt, settings=rt.settings.model_copy(update={"commit": commit})), editor)
    if request.param == "beside_another":
        under_way(made, Gate(rt.catalogue))
    yield made
    made.runner.stop()


At = Callable[[str, Callable[[], object]], None]


@pytest.fixture
def at_the_end(monkeypatch: pytest.MonkeyPatch) -> At:
    """Have something done when all is ready to be committed that ends the room's run; once."""
    waiting: dict[str, Callable[[], object]] = {}
    real = Committer._try

    def try_(self: Committer, batch: list[Any]) -> Exception | None:
        for move in [item.move for item in batch if hasattr(item, "move")]:
            if move.is_last and move.room_id in waiting:
                waiting.pop(move.room_id)()
        return real(self, batch)

    monkeypatch.setattr(Committer, "_try", try_)
    return waiting.__setitem__


def told(place: Place, run_id: str) -> list[str]:
    """The types of its events, which replay as they are."""
    assert history.replay_run(place.rt, place.user, run_id)["identical"]
    events = history.events(place.rt, place.user, run_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return [event["type"] for event in events]


def test_a_cancel_that_is_accepted_in_the_last_instant_cancels(place: Place, at_the_end: At) -> None:
    room = place.room(line(touching("a"), pure("b")))
    at_the_end(room, lambda: control.cancel(place.rt, place.user, room))

    run = place.over(place.start(room).id)

    types = told(place, run.id)
    assert (run.status, types[-1]) == (RunStatus.CANCELLED, "ROOM_CANCELLED")
    assert types.count("TOOL_COMPLETED") == 2
    assert "ROOM_COMPLETED" not in types
    assert TOUCHED[run.id] == 1


def test_a_pause_in_the_last_instant_holds_the_run_until_it_is_resumed(place: Place, at_the_end: At) -> None:
    room = place.room(line(touching("a"), pure("b", remember={"kept": "vars.b.number"})))
    at_the_end(room, lambda: control.pause(place.rt, place.user, room))
    run = place.start(room)
    place.until(run.id, lambda run: run.status is RunStatus.PAUSED)

    control.resume(place.rt, place.user, room)
    place.runner.activate(run.id)

    assert place.over(run.id).status is RunStatus.COMPLETED
    types = told(place, run.id)
    assert [type_ for type_ in types if type_.startswith("ROOM_")][-3:] == [
        "ROOM_PAUSED",
        "ROOM_RESUMED",
        "ROOM_COMPLETED",
    ]
    assert TOUCHED[run.id] == 1


def test_an_effect_that_would_have_failed_the_run_is_not_lost_by_a_cancel(
    place: Place, at_the_end: At
) -> None:
    room = place.room(line(touching("a", fails=True)))
    at_the_end(room, lambda: control.cancel(place.rt, place.user, room))

    run = place.over(place.start(room).id)

    assert run.status is RunStatus.CANCELLED
    assert told(place, run.id)[-1] == "ROOM_CANCELLED"
    assert TOUCHED[run.id] == 1
