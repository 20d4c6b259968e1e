"""Conditions: which one opens a way, what one does that can't be evaluated, and the reasons that are recorded."""

from typing import Any

import pytest

from engine.core.run import RunStatus
from tests.core.drawing import BROKEN, Passage, drawn, line, node, ran, tool, way, where


def choice(*conditions: str, otherwise: bool = True, failure: bool = False, **fields: Any) -> dict[str, Any]:
    """A step `work`, a DECISION with a way to its own END for each condition, an otherwise and a failure way."""
    nodes = [node("start", "START"), tool("work"), node("ask", "DECISION", **fields)]
    ways = [way("start", "work"), way("work", "ask", "SUCCESS")]
    names = [f"end{index}" for index, _ in enumerate(conditions)]
    ways += [
        way("ask", name, "CONDITION_MET", when=when, priority=index)
        for index, (name, when) in enumerate(zip(names, conditions, strict=True))
    ]
    if otherwise:
        names.append("otherwise")
        ways.append(way("ask", "otherwise"))
    if failure:
        names.append("failed")
        ways.append(way("ask", "failed", "FAILURE"))
    return drawn([*nodes, *(node(name, "END") for name in names)], ways)


def choose(*conditions: str, output: Any = None, **fields: Any) -> Passage:
    return ran(choice(*conditions, **fields), {"n": 5}, world=where(work={"output": output}))


def test_the_first_true_condition_is_taken_and_no_later_one_is_looked_at() -> None:
    assert choose("input.n < 3", "input.n > 3", "input.nowhere > 3").entered()[-1] == "end1"


def test_the_otherwise_is_taken_when_no_condition_is_true() -> None:
    assert choose("input.n < 3", "input.n > 30").entered()[-1] == "otherwise"


@pytest.mark.parametrize(
    ("condition", "column", "why"),
    [
        ("input.nowhere > 3", 7, "nowhere"),
        ("vars.later > 3", 6, "later"),
        ("input.n > 'three'", 9, "int"),
        ("input.n", 7, "true or false"),
        ("true && \n input.nowhere", 8, "nowhere"),
    ],
)
def test_a_condition_that_cannot_be_evaluated_is_never_silently_false(
    condition: str, column: int, why: str
) -> None:
    passage = choose("false", condition)

    assert passage.state.status is RunStatus.FAILED
    error = passage.told("NODE_FAILED")[0]["e"]
    assert error["code"] == "condition_error"
    assert error["node_id"] == "ask"
    assert error["transition_id"] == "ask_end1_condition_met"
    assert error["expression"] == condition
    assert (error["line"], error["column"]) == (condition.count("\n") + 1, column)
    for part in ("'ask_end1_condition_met'", repr(condition), f"{error['line']}:{column}", why):
        assert part in error["message"]


def test_the_run_keeps_the_code_the_sentence_and_the_node_of_a_condition_error() -> None:
    error = choose("input.nowhere").state.error

    assert error is not None
    assert sorted(error) == ["code", "message", "node_id"]
    assert "'ask_end0_condition_met'" in error["message"]


def test_a_decision_whose_condition_fails_takes_its_failure_way_and_never_the_otherwise() -> None:
    assert choose("input.nowhere", failure=True).entered()[-1] == "failed"
    assert choose("input.nowhere").entered()[-1] == "ask"


def test_a_step_whose_condition_fails_has_failed_and_takes_its_always() -> None:
    nodes = [node("start", "START"), tool("work"), node("met", "END"), node("end", "END")]
    nodes[-1]["config"] = {"output": "{{ outcome }} {{ error.code }} {{ vars.work }}"}
    ways = [way("start", "work"), way("work", "met", "CONDITION_MET", when="input.x"), way("work", "end")]

    assert ran(drawn(nodes, ways)).state.output == "FAILURE condition_error work"


def test_a_step_whose_condition_fails_is_not_tried_again() -> None:
    retry = {"max_attempts": 5, "initial_delay_s": 0}
    nodes = [node("start", "START"), tool("work", retry=retry), node("end", "END")]
    ways = [
        way("start", "work"),
        way("work", "end", "CONDITION_MET", when="input.x"),
        way("work", "end", "SUCCESS"),
    ]

    passage = ran(drawn(nodes, ways))

    assert passage.types().count("TOOL_INVOKED") == 1
    assert passage.state.status is RunStatus.FAILED


def reasons(passage: Passage) -> dict[str, Any]:
    return next(fact["d"] for fact in passage.told("TRANSITION") if fact["n"] == "ask")


def test_a_decision_is_left_with_success_whichever_way_it_takes() -> None:
    for condition in ("true", "false"):
        facts = [(fact["t"], fact.get("d")) for fact in choose(condition).facts if fact.get("n") == "ask"]

        assert [type_ for type_, _ in facts] == ["NODE_ENTERED", "NODE_EXECUTED", "NODE_EXITED", "TRANSITION"]
        assert facts[2] == ("NODE_EXITED", {"outcome": "SUCCESS"})


def test_a_transition_tells_its_condition_the_values_it_read_and_the_steps_that_wrote_them() -> None:
    told = reasons(choose("vars.work.n > 3 && input.n == 5", output={"n": 7}))

    assert told == {
        "transition": "ask_end0_condition_met",
        "target": "end0",
        "on": "CONDITION_MET",
        "when": "vars.work.n > 3 && input.n == 5",
        "values": {"input.n": 5, "vars.work.n": 7},
        "wrote_by": {"vars.work.n": 2},
    }


def test_variables_of_the_run_that_is_tried_again_were_written_before_its_first_step() -> None:
    at_step = {"node": "ask", "vars": {"work": 7}}

    told = reasons(ran(choice("vars.work > 3"), {"n": 5}, at_step=at_step))

    assert told["wrote_by"] == {"vars.work": 0}


@pytest.mark.parametrize("last", ["input.n == 5", "input.n == 6"])
def test_a_transition_tells_the_conditions_tried_before_it(last: str) -> None:
    told = reasons(choose("vars.work > 8", "input.n == 4", last, output=7))

    assert told["tried"][:2] == [
        {
            "transition": "ask_end0_condition_met",
            "when": "vars.work > 8",
            "value": False,
            "values": {"vars.work": 7},
            "wrote_by": {"vars.work": 2},
        },
        {
            "transition": "ask_end1_condition_met",
            "when": "input.n == 4",
            "value": False,
            "values": {"input.n": 5},
        },
    ]
    assert told["target"] == ("end2" if last.endswith("5") else "otherwise")


def test_the_values_told_are_short() -> None:
    output = {"text": "é" * 1000, "list": [0] * 50, "map": {"a": 1}, "none": None, "deep": {"x": 1.5}}
    condition = "vars.work.text != '' && size(vars.work.list) > 0 && size(vars.work.map) > 0 && vars.work.none == null"

    values = reasons(choose(condition + " && vars.work.deep.x > 1.0", output=output))["values"]

    assert values == {
        "vars.work.text": "é" * 199 + "…",
        "vars.work.list": "[50 items]",
        "vars.work.map": "{1 keys}",
        "vars.work.none": None,
        "vars.work.deep.x": 1.5,
    }


def test_a_way_without_a_condition_tells_no_reasons_but_the_outcome_of_a_failure() -> None:
    nodes = [node("start", "START"), tool("work"), node("end", "END")]
    passage = ran(
        drawn(nodes, [way("start", "work"), way("work", "end", "FAILURE")]), world=where(work=BROKEN)
    )

    assert [fact["d"] for fact in passage.told("TRANSITION")] == [
        {"transition": "start_work_always", "target": "work", "on": "ALWAYS"},
        {"transition": "work_end_failure", "target": "end", "on": "FAILURE", "outcome": "FAILURE"},
    ]


def test_a_loop_counts_in_memory_and_leaves_by_its_condition() -> None:
    count = tool("count", remember={"rounds": "has(memory.rounds) ? memory.rounds + 1 : 1"})
    nodes = [node("start", "START"), count, node("more", "DECISION"), node("end", "END")]
    ways = [
        way("start", "count"),
        way("count", "more", "SUCCESS"),
        way("more", "count", "CONDITION_MET", when="memory.rounds < 4"),
        way("more", "end"),
    ]

    passage = ran(drawn(nodes, ways))

    assert passage.remembered == {"rounds": 4}
    assert passage.entered() == ["start", *["count", "more"] * 4, "end"]


def test_each_round_of_a_loop_is_an_activation_of_its_own() -> None:
    nodes = [node("start", "START"), tool("a"), node("more", "DECISION"), node("end", "END")]
    ways = [way("start", "a"), way("a", "more"), way("more", "a", "CONDITION_MET", when="run.step < 6")]

    passage = ran(drawn(nodes, [*ways, way("more", "end")]))

    entered = [(fact["n"], fact["d"]["activation"]) for fact in passage.told("NODE_ENTERED")]
    assert entered == [
        ("start", "1"),
        *[(("a", "more")[index % 2], str(index + 2)) for index in range(6)],
        ("end", "8"),
    ]


@pytest.mark.parametrize(
    ("output", "pointer"), [("{{ vars.nope }}", ""), ({"a": ["fine", "{{ vars.nope }}"]}, "/a/1")]
)
def test_an_end_whose_output_cannot_be_rendered_fails_the_run(output: Any, pointer: str) -> None:
    passage = ran(line(tool("work"), end={"output": output}))

    assert passage.state.status is RunStatus.FAILED
    error = passage.state.error
    assert error is not None
    assert (error["code"], error["node_id"]) == ("evaluation_error", "end")
    assert error["message"].startswith("output: At ")
    assert pointer in error["message"]


@pytest.mark.parametrize(
    ("output", "rendered"),
    [
        (None, None),
        ("plain", "plain"),
        (7, 7),
        ("{{ input }}", {"n": 5, "s": "ü"}),
        ("{{ input.n }}", 5),
        ("n={{ input.n }}", "n=5"),
        ({"deep": [{"x": "{{ input.s }}!"}, "{{ vars.work }}"]}, {"deep": [{"x": "ü!"}, "work"]}),
    ],
)
def test_the_output_of_the_end_is_the_result_of_the_run(output: Any, rendered: Any) -> None:
    passage = ran(line(tool("work"), end={"output": output}), {"n": 5, "s": "ü"})

    assert passage.state.status is RunStatus.COMPLETED
    assert passage.state.output == rendered


def test_a_step_whose_arguments_cannot_be_rendered_fails_without_being_executed_or_tried_again() -> None:
    work = tool("work", retry={"max_attempts": 5, "initial_delay_s": 0})
    work["config"]["arguments"] = {"expression": "{{ vars.nope }}"}

    passage = ran(line(work, end={"output": "{{ error.code }} {{ error.message }}"}))

    assert passage.executing == []
    assert passage.state.output.startswith("evaluation_error config.arguments: At /expression, 1:")
    assert passage.types().count("NODE_FAILED") == 1
