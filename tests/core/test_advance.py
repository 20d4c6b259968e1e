"""Which way leaves a step: the table of outcomes, what a failure leaves behind, and what a success keeps."""

from typing import Any

import pytest

from engine.core.run import RunStatus
from tests.core.drawing import BROKEN, LATE, begun, drawn, line, node, ran, tool, way, where

OUTCOMES = {"SUCCESS": {"output": 1}, "FAILURE": BROKEN, "TIMEOUT": LATE}


def open_ways(*triggers: str) -> dict[str, Any]:
    """A step with one way for each trigger, in this order, to a WAIT named for it (`met`: a condition that is true)."""
    nodes = [node("start", "START"), tool("work")]
    ways = [way("start", "work")]
    for trigger in triggers:
        place = trigger.lower()
        nodes.append(node(place, "WAIT", config={"signal": "never"}))
        ways += [way("work", place, trigger), way(place, "end")]
    for item in ways:
        if item["on"] in ("MET", "UNMET"):
            item |= {"on": "CONDITION_MET", "when": "true" if item["on"] == "MET" else "false"}
    return drawn([*nodes, node("end", "END")], ways)


@pytest.mark.parametrize(
    ("outcome", "triggers", "taken"),
    [
        ("SUCCESS", ["ALWAYS", "SUCCESS", "MET"], "met"),
        ("SUCCESS", ["ALWAYS", "SUCCESS", "UNMET"], "success"),
        ("SUCCESS", ["ALWAYS", "UNMET", "FAILURE", "TIMEOUT"], "always"),
        ("SUCCESS", ["FAILURE", "TIMEOUT", "SUCCESS"], "success"),
        ("FAILURE", ["MET", "SUCCESS", "TIMEOUT", "ALWAYS", "FAILURE"], "failure"),
        ("FAILURE", ["MET", "SUCCESS", "TIMEOUT", "ALWAYS"], "always"),
        ("TIMEOUT", ["ALWAYS", "FAILURE", "TIMEOUT", "MET"], "timeout"),
        ("TIMEOUT", ["ALWAYS", "FAILURE", "SUCCESS"], "failure"),
        ("TIMEOUT", ["MET", "ALWAYS", "SUCCESS"], "always"),
    ],
)
def test_an_outcome_takes_the_first_way_of_its_row(outcome: str, triggers: list[str], taken: str) -> None:
    passage = ran(open_ways(*triggers), world=where(work=OUTCOMES[outcome]))

    assert passage.entered() == ["start", "work", taken]


@pytest.mark.parametrize(
    ("outcome", "triggers", "code"),
    [
        ("SUCCESS", ["UNMET", "FAILURE", "TIMEOUT"], "no_transition"),
        ("FAILURE", ["MET", "SUCCESS", "TIMEOUT"], "broken"),
        ("TIMEOUT", ["MET", "SUCCESS"], "timeout"),
    ],
)
def test_a_run_fails_where_no_way_is_open(outcome: str, triggers: list[str], code: str) -> None:
    passage = ran(open_ways(*triggers), world=where(work=OUTCOMES[outcome]))

    assert passage.state.status is RunStatus.FAILED
    assert passage.state.error is not None
    assert passage.state.error["code"] == code
    assert passage.state.error["node_id"] == "work"
    assert passage.types()[-1] == "ROOM_FAILED"


@pytest.mark.parametrize("on", ["ALWAYS", "SUCCESS", "CONDITION_MET"])
def test_within_one_class_the_lower_priority_goes_first_then_the_order_of_the_document(on: str) -> None:
    when = {"when": "true"} if on == "CONDITION_MET" else {}
    ways = [
        way("work", name, on, priority=priority, **when)
        for name, priority in zip("abcd", (2, 1, -1, -1), strict=True)
    ]
    ends = [node(name, "END") for name in "abcd"]

    passage = ran(drawn([node("start", "START"), tool("work"), *ends], [way("start", "work"), *ways]))

    assert passage.entered()[-1] == "c"


def test_a_class_goes_before_another_whatever_their_priorities() -> None:
    document = open_ways("ALWAYS", "SUCCESS", "MET")
    for priority, item in enumerate(document["transitions"][1::2]):
        item["priority"] = priority  # ALWAYS has the lowest number, CONDITION_MET the highest

    assert ran(document).entered()[-1] == "met"


def caught(end: dict[str, Any] | None = None) -> dict[str, Any]:
    """A step whose failure leads to a step `rescue`, then to the END."""
    nodes = [node("start", "START"), tool("work"), tool("rescue"), node("end", "END", config=end or {})]
    nodes[2]["config"]["arguments"] = {
        "expression": "{{ outcome + ':' + error.code + ' at ' + error.node_id }}"
    }
    ways = [way("start", "work"), way("work", "end", "SUCCESS"), way("work", "rescue", "FAILURE")]
    return drawn(nodes, [*ways, way("rescue", "end")])


def test_the_failure_path_knows_the_outcome_and_the_error() -> None:
    passage = begun(caught())
    passage.answer(passage.step("work"), **BROKEN)
    passage.move()

    assert passage.step("rescue").params["arguments"]["expression"] == "FAILURE:broken at work"


def test_a_success_on_the_failure_path_ends_it() -> None:
    end = {"output": "{{ outcome }} {{ error == null }}"}

    assert ran(caught(end), world=where(work=BROKEN)).state.output == "SUCCESS true"


def test_a_timeout_leaves_its_own_outcome_on_the_failure_path() -> None:
    end = {"output": "{{ outcome }} {{ error.code }}: {{ error.message }}"}
    document = drawn(
        [node("start", "START"), tool("work"), node("end", "END", config=end)],
        [way("start", "work"), way("work", "end", "FAILURE")],
    )

    assert ran(document, world=where(work=LATE)).state.output == "TIMEOUT timeout: It took too long."


def test_a_decision_on_the_failure_path_chooses_by_the_error() -> None:
    nodes = [node("start", "START"), tool("work"), node("why", "DECISION"), tool("tell"), node("end", "END")]
    nodes[3]["config"]["arguments"] = {"expression": "{{ error.message }}"}
    ways = [
        way("start", "work"),
        way("work", "why"),
        way("why", "tell", "CONDITION_MET", when="outcome == 'FAILURE' && error.code == 'broken'"),
        way("why", "end"),
        way("tell", "end"),
    ]

    passage = begun(drawn(nodes, ways))
    passage.answer(passage.step("work"), **BROKEN)
    passage.move()

    assert passage.step("tell").params["arguments"]["expression"] == "It broke."


def test_a_decision_after_a_success_sees_that_success() -> None:
    nodes = [node("start", "START"), tool("work"), node("how", "DECISION"), tool("tell"), node("end", "END")]
    ways = [way("start", "work"), way("work", "how"), way("how", "end")]
    ways += [
        way("how", "tell", "CONDITION_MET", when="outcome == 'SUCCESS' && error == null"),
        way("tell", "end"),
    ]

    assert "tell" in ran(drawn(nodes, ways)).entered()


def test_a_step_that_says_nothing_of_its_failure_gets_a_code_and_a_sentence() -> None:
    unhandled = open_ways("SUCCESS")

    for outcome, code in (("FAILURE", "step_failed"), ("TIMEOUT", "timeout")):
        error = ran(unhandled, world=where(work={"outcome": outcome})).state.error
        assert error is not None
        assert (error["code"], error["node_id"]) == (code, "work")
        assert error["message"].endswith(".")


@pytest.mark.parametrize(("saved", "name"), [({}, "work"), ({"save_as": "result"}, "result")])
def test_an_output_is_kept_under_the_node_or_the_name_it_asks_for(saved: dict[str, str], name: str) -> None:
    passage = ran(
        line(tool("work", **saved), end={"output": "{{ vars }}"}), world=where(work={"output": {"n": 1}})
    )

    assert passage.state.output == {name: {"n": 1}}


def test_a_later_output_of_the_same_name_takes_the_place_of_the_earlier() -> None:
    document = line(tool("a", save_as="x"), tool("b", save_as="x"), end={"output": "{{ vars.x }}"})

    assert ran(document).state.output == "b"


def test_a_failed_step_writes_no_variable_and_remembers_nothing() -> None:
    document = line(
        tool("work", remember={"seen": "true"}), end={"output": "{{ has(vars.work) || has(memory.seen) }}"}
    )

    passage = ran(document, world=where(work=BROKEN | {"output": 7}))

    assert passage.state.output is False
    assert passage.remembered == {}


def test_a_step_remembers_by_expressions_that_see_its_output() -> None:
    work = tool(
        "work", remember={"last": "vars.work", "visits": "has(memory.visits) ? memory.visits + 1 : 1"}
    )
    document = line(work, end={"output": "{{ memory.visits }} {{ memory.last }}"})

    passage = ran(document, memory={"visits": 4})

    assert passage.remembered == {"last": "work", "visits": 5}
    assert passage.state.output == "5 work"


def test_what_a_step_remembers_is_written_at_once_so_no_expression_sees_half_of_it() -> None:
    work = tool("work", remember={"a": "memory.a + 1", "b": "memory.a"})

    assert ran(line(work), memory={"a": 1}).remembered == {"a": 2, "b": 1}


def test_nothing_is_remembered_when_one_of_the_expressions_fails() -> None:
    work = tool("work", remember={"fine": "1", "bad": "vars.nowhere"})

    passage = ran(line(work, end={"output": "{{ outcome }} {{ error.code }} {{ has(memory.fine) }}"}))

    assert passage.remembered == {}
    assert passage.state.output == "FAILURE evaluation_error false"
    assert "remember.bad" in passage.told("NODE_FAILED")[0]["e"]["message"]


def test_what_a_tool_stores_is_remembered_with_its_result() -> None:
    passage = ran(line(tool("work")), world=where(work={"output": 1, "remember": {"note": "kept"}}))

    assert passage.remembered == {"note": "kept"}
    assert [fact["d"] for fact in passage.told("MEMORY_UPDATED")] == [{"key": "note", "value": "kept"}]


def test_what_a_tool_stored_before_it_failed_is_remembered_too() -> None:
    passage = ran(line(tool("work")), world=where(work={**BROKEN, "remember": {"note": "so far"}}))

    assert passage.remembered == {"note": "so far"}


def test_a_decision_remembers_too() -> None:
    nodes = [node("start", "START"), node("ask", "DECISION", remember={"asked": "true"}), node("end", "END")]
    ways = [way("start", "ask"), way("ask", "end", "CONDITION_MET", when="memory.asked"), way("ask", "ask")]

    assert ran(drawn(nodes, ways)).remembered == {"asked": True}


@pytest.mark.parametrize(
    "work",
    [tool("work"), node("work", "WAIT", config={"signal": "never"}, timeout_s=1)],
    ids=lambda item: item["type"],
)
def test_a_disabled_step_is_skipped_as_a_success_without_any_effect(work: dict[str, Any]) -> None:
    work |= {"disabled": True, "remember": {"seen": "vars.work"}}

    passage = ran(line(work, end={"output": "{{ outcome }} {{ has(vars.work) }}"}))

    assert passage.state.output == "SUCCESS false"
    assert passage.remembered == {}
    assert [fact["n"] for fact in passage.told("NODE_SKIPPED")] == ["work"]
    assert list(passage.timers) == []


def test_the_memory_a_run_sees_is_the_rooms_at_its_start_and_its_own_writes() -> None:
    document = line(tool("a", remember={"y": "memory.x + 1"}), end={"output": "{{ memory }}"})

    assert ran(document, memory={"x": 1}).state.output == {"x": 1, "y": 2}


def test_the_run_is_known_to_expressions() -> None:
    passage = ran(line(tool("a"), end={"output": "{{ run }}"}))

    assert passage.state.output == {
        "id": "run",
        "number": 1,
        "room_id": "room",
        "started_at": "2023-11-14T22:13:20.000000Z",
        "step": 3,
    }


def test_a_run_can_begin_at_a_later_step_with_the_variables_of_then() -> None:
    document = line(tool("a"), tool("b"), end={"output": "{{ vars }}"})

    passage = ran(document, at_step={"node": "b", "vars": {"a": "of then"}})

    assert passage.entered() == ["b", "end"]
    assert passage.state.output == {"a": "of then", "b": "b"}
