"""Limits: a run that goes too far, too long or too dear is stopped with an error that names the limit."""

from typing import Any

import pytest

from engine.core.inputs import ClearTimers, Result
from engine.core.run import RunStatus
from tests.core.drawing import BROKEN, Passage, begun, drawn, forked, line, node, ran, tool, way, where


def circle() -> dict[str, Any]:
    """A loop that never ends by itself."""
    nodes = [node("start", "START"), tool("work"), node("more", "DECISION"), node("end", "END")]
    ways = [way("start", "work"), way("work", "more"), way("more", "work")]
    return drawn(nodes, [*ways, way("more", "end", "CONDITION_MET", when="false")], limits={"max_steps": 11})


def stopped_by(passage: Passage) -> tuple[str, str]:
    assert passage.state.status is RunStatus.FAILED
    assert passage.state.error is not None
    assert [fact["d"]["limit"] for fact in passage.told("LIMIT_REACHED")] == [passage.state.error["code"]]
    told = [type_ for type_ in passage.types() if type_ != "BRANCH_CANCELLED"]
    assert told[-2:] == ["LIMIT_REACHED", "ROOM_FAILED"]
    assert passage.timers == {}
    return passage.state.error["code"], passage.state.error["message"]


def test_a_run_makes_max_steps_and_not_one_more() -> None:
    passage = ran(circle())

    assert stopped_by(passage) == (
        "max_steps",
        "max_steps is 11: the run has made 11 steps. Raise the limit or shorten the run.",
    )
    assert passage.state.steps == 11
    assert len(passage.entered()) == 11


def test_a_run_of_just_max_steps_completes() -> None:
    assert ran(line(tool("a"), limits={"max_steps": 3})).state.status is RunStatus.COMPLETED
    assert ran(line(tool("a"), limits={"max_steps": 2})).state.status is RunStatus.FAILED


def test_steps_of_all_branches_count() -> None:
    document = forked([tool("a")], [tool("b")], [tool("c")], limits={"max_steps": 4})

    assert stopped_by(ran(document))[0] == "max_steps"


def test_attempts_are_no_steps() -> None:
    work = tool("work", retry={"max_attempts": 50, "initial_delay_s": 0})

    passage = ran(line(work, limits={"max_steps": 3}), world=where(work=BROKEN))

    assert passage.state.status is RunStatus.COMPLETED


@pytest.mark.parametrize(
    "config", [{"duration_s": 3600}, {"signal": "never"}], ids=["in a rest", "waiting for a signal"]
)
def test_a_run_that_lasts_too_long_is_stopped_wherever_it_rests(config: dict[str, Any]) -> None:
    passage = ran(line(node("wait", "WAIT", config=config), limits={"max_duration_s": 0.5}))
    started = passage.log[0][1]
    assert passage.timers[("", "deadline")] == started + 500_000

    passage.fire("deadline")

    assert stopped_by(passage) == (
        "max_duration_s",
        "max_duration_s is 0.5: the run has lasted this many seconds. Raise the limit or shorten the run.",
    )


def test_a_run_that_lasts_too_long_is_stopped_in_the_middle_of_its_steps() -> None:
    passage = begun(forked([tool("a")], [tool("b")]))

    passage.fire("deadline")

    assert stopped_by(passage)[0] == "max_duration_s"
    assert passage.executing == []


def spent(**usage: Any) -> dict[str, Any]:
    return {"output": 1, "usage": usage}


@pytest.mark.parametrize(
    ("usage", "code"),
    [({"tokens": 60}, "max_tokens"), ({"cost_usd": 0.6}, "max_cost_usd")],
)
def test_a_run_that_spends_too_much_is_stopped_when_it_is_known(usage: dict[str, Any], code: str) -> None:
    limits = {"max_tokens": 100, "max_cost_usd": 1.0}
    document = line(tool("a"), tool("b"), tool("c"), limits=limits)

    passage = ran(document, world=where(a=spent(**usage), b=spent(**usage)))

    found, message = stopped_by(passage)
    assert found == code
    assert message.startswith(f"{code} is {limits[code]:g}: 120 tokens" if "tokens" in usage else code)
    assert passage.entered() == ["start", "a", "b"]


def test_a_run_may_spend_all_that_it_has() -> None:
    limits = {"max_tokens": 100, "max_cost_usd": 1.0}

    passage = ran(line(tool("a"), limits=limits), world=where(a=spent(tokens=100, cost_usd=1.0)))

    assert passage.state.status is RunStatus.COMPLETED
    assert (passage.state.used_tokens, passage.state.used_cost_usd) == (100, 1.0)


def test_failed_attempts_cost_what_they_cost() -> None:
    work = tool("work", retry={"max_attempts": 10, "initial_delay_s": 0})

    passage = ran(
        line(work, limits={"max_tokens": 25}), world=where(work={**BROKEN, "usage": {"tokens": 10}})
    )

    assert stopped_by(passage)[0] == "max_tokens"
    assert passage.state.used_tokens == 30


def test_the_room_may_set_other_limits_for_its_runs() -> None:
    assert ran(line(tool("a")), limits={"max_steps": 2}).state.status is RunStatus.FAILED
    assert ran(line(tool("a"), limits={"max_steps": 2}), limits={"max_steps": 3}).state.error is None


def test_a_large_limit_is_told_in_full() -> None:
    passage = ran(line(node("w", "WAIT", config={"signal": "x"}), limits={"max_duration_s": 31_622_399.5}))
    passage.fire("deadline")

    assert "max_duration_s is 31622399.5:" in stopped_by(passage)[1]


def test_a_limit_reached_inside_a_branch_stops_the_whole_run() -> None:
    branches = [[tool("a")], [node("wait", "WAIT", config={"signal": "x"})], [tool("c")]]
    passage = begun(forked(*branches, limits={"max_tokens": 5}))

    advanced = passage.answer(passage.step("a"), **spent(tokens=6))

    assert stopped_by(passage)[0] == "max_tokens"
    assert ClearTimers(None) in advanced.commands
    assert passage.executing == []
    assert [fact["n"] for fact in passage.told("BRANCH_CANCELLED")] == ["wait", "c"]


def test_after_a_limit_no_result_counts() -> None:
    passage = begun(forked([tool("a")], [tool("b")], limits={"max_tokens": 5}))
    other = passage.step("b")
    passage.answer(passage.step("a"), **spent(tokens=6))
    before = passage.state

    assert passage.give(Result(activation=other.activation, output=1)).facts == ()
    assert passage.state == before


def test_the_room_sets_fields_of_a_steps_config_that_it_may_set() -> None:
    agent = node("ask", "AGENT_TASK", config={"provider": "scripted", "prompt": "x", "temperature": 0.2})

    def asked(**overrides: Any) -> Any:
        return begun(line(agent, tool("work")), overrides=overrides).executing[0].params

    assert asked()["temperature"] == 0.2
    assert asked(temperature=0.9)["temperature"] == 0.9
    assert asked(temperature=None)["temperature"] == 0.2
    assert asked(model="other", tools=["x"]) == asked()
