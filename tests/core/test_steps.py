"""A run told as its steps."""

from typing import Any

import pytest

from engine.core.inputs import Cancelled, Signalled
from engine.core.steps import Step, steps_of
from tests.core.drawing import BROKEN, LATE, Passage, begun, forked, line, node, ran, tool, where


def steps(passage: Passage) -> dict[str, Step]:
    """By node; the last one of a node that was entered several times."""
    return {step["node_id"]: step for step in steps_of(passage.events())}


def statuses(passage: Passage) -> dict[str, str]:
    return {name: step["status"] for name, step in steps(passage).items()}


def test_a_step_has_what_went_in_what_came_out_and_where_it_led() -> None:
    passage = ran(
        line(tool("sum", name="Add up")),
        world=where(sum={"output": 4, "usage": {"tokens": 3, "cost_usd": 0.5}}),
    )

    step = steps(passage)["sum"]

    assert step["step"] == 2
    assert (step["type"], step["name"], step["branch"]) == ("TOOL_EXECUTION", "Add up", "")
    assert (step["attempt"], step["status"], step["error"]) == (1, "done", None)
    assert step["input"] == {"tool": "calculator", "arguments": {"expression": "1"}}
    assert step["output"] == 4
    assert (step["tokens"], step["cost_usd"]) == (3, 0.5)
    assert step["transition"]["target"] == "end"
    assert step["started_at"] < step["ended_at"]
    assert step["duration_ms"] > 0


def test_steps_come_in_the_order_they_were_entered() -> None:
    passage = ran(forked([tool("a"), tool("b")], [tool("c")]))

    assert [step["node_id"] for step in steps_of(passage.events())] == passage.entered()
    assert [step["step"] for step in steps_of(passage.events())] == [1, 2, 3, 4, 5, 6, 7]


def test_attempts_are_one_step_with_the_last_of_them() -> None:
    config = {"provider": "scripted", "prompt": "?"}
    work = node("work", "AGENT_TASK", config=config, retry={"max_attempts": 3, "initial_delay_s": 0})
    broken = {**BROKEN, "usage": {"tokens": 5}}
    fine = {"output": 1, "usage": {"tokens": 7}}

    step = steps(ran(line(work), world=where(work=[broken, broken, fine])))["work"]

    assert (step["attempt"], step["status"], step["error"], step["output"]) == (3, "done", None, 1)
    assert step["tokens"] == 17


@pytest.mark.parametrize("ended", [BROKEN, LATE])
def test_a_failed_step_keeps_its_error(ended: dict[str, Any]) -> None:
    step = steps(ran(line(tool("work")), world=where(work=ended)))["work"]

    assert step["status"] == "failed"
    assert step["error"]["code"] == ended["error"]["code"]
    assert step["transition"]["outcome"] == ended["outcome"]


def test_each_step_under_way_says_what_it_does() -> None:
    branches = [
        [tool("runs")],
        [node("waits", "WAIT", config={"signal": "x"})],
        [tool("rests", retry={"max_attempts": 2})],
        [tool("off", disabled=True)],
        [tool("done"), node("later", "WAIT", config={"duration_s": 5})],
    ]
    passage = begun(forked(*branches))
    passage.answer(passage.step("rests"), **BROKEN)
    passage.answer(passage.step("done"), output=1)
    passage.move()

    assert statuses(passage) == {
        "start": "done",
        "fork": "done",
        "runs": "running",
        "waits": "waiting",
        "rests": "retrying",
        "off": "skipped",
        "done": "done",
        "later": "waiting",
    }

    passage.give(Cancelled("ada"))

    assert statuses(passage) == {
        "start": "done",
        "fork": "done",
        "runs": "cancelled",
        "waits": "cancelled",
        "rests": "cancelled",
        "off": "skipped",
        "done": "done",
        "later": "cancelled",
    }
    assert all(step["ended_at"] for step in steps_of(passage.events()))


@pytest.mark.parametrize("timer", ["deadline", None])
def test_no_step_is_under_way_once_the_run_is_over(timer: str | None) -> None:
    passage = begun(line(tool("work")))
    if timer:
        passage.fire(timer)
    else:
        passage.give(Cancelled("ada"))

    assert statuses(passage) == {"start": "done", "work": "cancelled"}


def test_a_branch_cancelled_between_two_steps_leaves_the_one_before_done() -> None:
    branches = [[tool("a"), tool("next")], [tool("b")]]
    passage = begun(forked(*branches, join={"wait_for": "any"}))
    passage.answer(passage.step("a"), output=1)
    passage.answer(passage.step("b"), output=1)

    assert passage.told("BRANCH_CANCELLED")[0]["n"] == "next"
    assert statuses(passage) == {"start": "done", "fork": "done", "a": "done", "b": "done"}


def test_a_failed_sibling_cancels_the_steps_beside_it() -> None:
    passage = ran(
        forked([tool("a")], [node("b", "WAIT", config={"signal": "x"})], [tool("bad")]),
        world=where(bad=BROKEN),
    )

    assert statuses(passage) == {
        "start": "done",
        "fork": "done",
        "a": "done",
        "b": "cancelled",
        "bad": "failed",
    }


def test_a_wait_shows_the_payload_it_got() -> None:
    passage = ran(line(node("ask", "WAIT", config={"signal": "go"})))
    passage.give(Signalled("go", {"ok": True}))

    assert steps(passage.go())["ask"]["output"] == {"ok": True}
    assert steps(passage)["ask"]["status"] == "done"


def test_a_loop_gives_a_step_for_each_round() -> None:
    document = line(tool("work"), node("more", "DECISION"))
    document["transitions"].append(
        {"id": "back", "source": "more", "target": "work", "on": "CONDITION_MET", "when": "run.step < 6"}
    )

    rounds = [step for step in steps_of(ran(document).events()) if step["node_id"] == "work"]

    assert [step["step"] for step in rounds] == [2, 4, 6]
