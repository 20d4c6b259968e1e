"""A running step's progress on the transition function alone: kept while it runs, told as events, paid for in any case."""

from typing import Any

import pytest

from engine.core.inputs import Abort, Asked, Cancelled, Execute, Progress, Signalled, WorkerLost
from engine.core.replaying import replay
from engine.core.tokens import Phase
from tests.core.drawing import BROKEN, Passage, begun, drawn, forked, node, tool, way

AGENT = {"provider": "scripted", "model": "echo", "prompt": "Go"}
USED = {"tokens": 15, "input_tokens": 12, "output_tokens": 3, "cost_usd": 0.5}


def asking(**fields: Any) -> dict[str, Any]:
    nodes = [node("start", "START"), node("ask", "AGENT_TASK", config=AGENT, **fields), node("end", "END")]
    return drawn(nodes, [way("start", "ask"), way("ask", "end", "SUCCESS")])


def answered(turn: int, text: str = "Hi") -> dict[str, Any]:
    told = {"provider": "scripted", "model": "echo", "turn": turn, **USED}
    return {"t": "AGENT_RESPONSE", "key": str(turn), "d": told, "o": {"text": text}, "u": USED, "ms": 3.5}


def called(turn: int) -> dict[str, Any]:
    return {"t": "TOOL_INVOKED", "key": f"{turn}-1", "d": {"tool": "calculator", "turn": turn, "call": 1}}


def ask(number: int, **fields: Any) -> dict[str, Any]:
    return {"key": f"1-{number}-approval", "signal": f"approve_2_1_{number}", "what": "approval", **fields}


def noted(passage: Passage, *notes: dict[str, Any], attempt: int = 1) -> Any:
    return passage.give(Progress("2", attempt, notes))


def identical(passage: Passage) -> bool:
    return replay(passage.plan, passage.rows()).is_identical


def test_what_a_step_notes_is_told_counted_and_kept_while_it_runs() -> None:
    passage = begun(asking())
    noted(passage, answered(1), called(1))

    assert passage.state.tokens[""].progress == {"1": {"o": {"text": "Hi"}}, "1-1": {}}
    assert (passage.state.used_tokens, passage.state.used_cost_usd) == (15, 0.5)
    answer, call = passage.events()[-2:]
    assert (answer["type"], answer["data"]["output"], answer["duration_ms"]) == (
        "AGENT_RESPONSE",
        {"text": "Hi"},
        3.5,
    )
    assert (call["type"], call["data"]["tool"], call["step"]) == ("TOOL_INVOKED", "calculator", 2)
    passage.answer(passage.step("ask"), output="Hi")
    assert (
        passage.types().count("AGENT_RESPONSE") == 1
    )  # the turn has told it, its end does not tell it again
    assert passage.go().state.is_over
    assert identical(passage)


def test_progress_outlives_a_retry_and_the_loss_of_its_worker_but_not_the_step() -> None:
    retry = {"max_attempts": 9, "initial_delay_s": 0}
    passage = begun(asking(retry=retry))
    noted(passage, answered(1))
    passage.answer(passage.step("ask"), **BROKEN)
    passage.move()
    assert (passage.step("ask").attempt, list(passage.state.tokens[""].progress)) == (2, ["1"])
    for attempt in range(2, 7):  # each time it comes further, so it is no poison
        passage.executing.clear()
        passage.give(WorkerLost({"2": "external"}, "child"))
        passage.move()
        noted(passage, answered(attempt), attempt=attempt + 1)
    assert "it goes on after what is on record" in passage.told("WORKER_LOST")[-1]["d"]["consequence"]
    assert passage.state.tokens[""].deaths == 1
    passage.answer(passage.step("ask"), output="Hi")
    assert passage.state.tokens[""].progress == {}
    assert identical(passage)


@pytest.mark.parametrize(
    ("blames", "is_apart"), [(["crowd"], False), (["crowd", "worker"], True), (["worker"], True)]
)
def test_progress_moves_no_step_out_of_its_child_or_into_one(blames: list[str], is_apart: bool) -> None:
    passage = begun(asking())
    for attempt, blame in enumerate(blames, 2):
        passage.executing.clear()
        passage.give(WorkerLost({"2": "external"}, blame))
        passage.move()
        noted(passage, answered(attempt), attempt=attempt)
    token = passage.state.tokens[""]
    assert (token.deaths, token.is_apart) == (1, is_apart)
    for _ in range(3 - token.deaths):
        passage.executing.clear()
        facts = passage.give(WorkerLost({"2": "external"}, "child")).facts
        passage.move()
    assert "NODE_FAILED" in [fact["t"] for fact in facts]
    assert identical(passage)


def test_what_comes_late_is_paid_for_and_nothing_else() -> None:
    passage = begun(forked([node("ask", "AGENT_TASK", config=AGENT)], [tool("b")], join={"wait_for": "any"}))
    activation = passage.step("ask").activation
    passage.answer(passage.step("b"))

    passage.give(Progress(activation, 1, (answered(1), called(1))))
    facts = passage.give(Progress(activation, 1, (called(2),))).facts

    assert (passage.state.used_tokens, facts) == (15, ())
    assert "nobody waited" in passage.facts[-1]["d"]["reason"]
    assert identical(passage)


def test_a_run_s_limit_ends_the_step_that_reaches_it() -> None:
    passage = begun(asking() | {"limits": {"max_cost_usd": 0.75}})
    assert Abort("2") not in noted(passage, answered(1)).commands
    assert Abort("2") in noted(passage, answered(2)).commands
    assert passage.state.error is not None
    assert passage.state.error["code"] == "max_cost_usd"


def test_asks_are_answered_one_after_the_other_and_then_the_same_attempt_goes_on() -> None:
    passage = begun(asking())
    passage.executing.clear()
    noted(passage, answered(1))
    passage.give(Asked("2", 1, (ask(1, form_schema={}), ask(2, timeout_s=60))))
    passage.give(Asked("2", 1, (ask(3),)))  # it is not executed any more
    token = passage.state.tokens[""]
    assert (token.phase, passage.told("WAIT_STARTED")[0]["d"]["signal"]) == (Phase.WAITING, "approve_2_1_1")

    passage.give(Signalled("approve_2_1_2", {}, "bob"))  # nobody asks that yet
    passage.give(Signalled("approve_2_1_1", {"approved": True}, "ada"))
    assert passage.told("WAIT_STARTED")[1]["d"]["until"]
    passage.fire("timeout")
    passage.move()

    (again,) = [command for command in passage.executing if isinstance(command, Execute)]
    assert again.attempt == 1
    assert passage.state.tokens[""].progress == {
        "1": {"o": {"text": "Hi"}},
        "1-1-approval": {"o": {"payload": {"approved": True}, "by": "ada"}},
        "1-2-approval": {"o": {"timed_out": True}},
    }
    assert passage.told("AGENT_INVOKED")[-1]["d"]["resumed"] is True
    passage.answer(again, output="Hi")
    assert passage.go().state.is_over
    assert identical(passage)


def test_a_run_that_waits_for_an_answer_can_be_cancelled() -> None:
    passage = begun(asking())
    passage.give(Asked("2", 1, (ask(1, timeout_s=5),)))

    passage.give(Cancelled("ada"))

    assert (passage.state.status.value, passage.timers) == ("CANCELLED", {})
    assert identical(passage)
