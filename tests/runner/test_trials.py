"""Runs for trying out, on real databases: their options outlive workers, their marks are kept, the room is left as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.core.errors import IllegalTransition
from engine.core.run import RunStatus
from engine.core.trial import BadTrial, Trial, UnknownNode
from engine.services import control, history, memory, runs
from engine.services.control import Signal
from tests.core.drawing import line, node, tool
from tests.runner.conftest import Place, Rooms

FAILS = node("b", "TOOL_EXECUTION", config={"tool": "calculator", "arguments": {"expression": "1 / 0"}})
DOCUMENT = line(
    tool("a", remember={"kept": "vars.a"}),
    node("ask", "WAIT", config={"signal": "go"}),
    FAILS,
    input_schema={"type": "object", "properties": {"x": {"default": 1}}},
)


@contextmanager
def at_work(rooms: Rooms) -> Iterator[Place]:
    place = Place(rooms.rt, rooms.user)
    yield place
    place.runner.stop()


def test_a_trial_goes_on_after_its_worker_and_stays_a_trial(rooms: Rooms) -> None:
    rt, me, room = rooms.rt, rooms.user, rooms.room(DOCUMENT)
    for trial, error in ((Trial(until="nobody"), UnknownNode), (Trial(only="end"), BadTrial)):
        with pytest.raises(error):
            runs.try_out(rt, me, room, trial)
    run = runs.try_out(rt, me, room, Trial(pins={"a": {"n": 7}}, until="b"), request_id="once")
    with at_work(rooms) as first:
        first.runner.activate(run.id)
        first.until(run.id, lambda run: run.status is RunStatus.WAITING)
    control.signal(rt, me, room, Signal(name="go", payload="yes"))
    with at_work(rooms) as heir:  # it has only what is stored
        heir.runner.activate(run.id)
        failed = heir.over(run.id)
        again = runs.retry(rt, me, run.id)
        heir.runner.activate(again.id)
        heir.over(again.id)
        alone = runs.try_out(rt, me, room, Trial(only="a", vars={"x": [1]}))
        heir.runner.activate(alone.id)
        alone = heir.over(alone.id)

    assert runs.try_out(rt, me, room, Trial(pins={"a": 1}), request_id="once").id == run.id
    assert (failed.status, failed.error["node_id"]) == (RunStatus.FAILED, "b")  # type: ignore[index]
    steps = {step["node_id"]: step for step in history.steps(rt, me, run.id)}
    assert (steps["a"]["status"], steps["a"]["output"], steps["b"]["status"]) == (
        "pinned",
        {"n": 7},
        "failed",
    )
    assert again.trial == failed.trial == {"pins": ["a"], "until": "b"}
    assert (alone.status, alone.trial, alone.steps) == (RunStatus.COMPLETED, {"only": "a"}, 1)
    assert alone.output == {"result": "1", "number": 1}
    for each in (run, again, alone):
        assert history.replay_run(rt, me, each.id)["identical"]
    assert history.run_standing(rt, me, run.id, at_step=4)["vars"] == {"a": {"n": 7}, "ask": "yes"}
    assert history.run_standing(rt, me, alone.id, at_step=1)["vars"] == {"x": [1]}
    kept = {entry.key: entry.run_id for entry in memory.list_entries(rt, me, room).items}
    assert kept == {"kept": alone.id}  # what ran alone was real; what was pinned left nothing
    assert [run.trial for run in runs.list_runs(rt, me).items] == [alone.trial, again.trial, failed.trial]
    with pytest.raises(IllegalTransition):
        runs.retry(rt, me, alone.id)
