"""Runs for trying out: pinned outputs, an early end, a node alone; marked as what they are, and decided again alike."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.core.inputs import Cancelled, Paused, Resumed, Signalled
from engine.core.memory import Kind
from engine.core.replaying import replay
from engine.core.run import RunStatus
from engine.core.steps import steps_of
from engine.core.trial import BadTrial, Trial, UnknownNode, check, seen_of
from tests.core.drawing import (
    BROKEN,
    LATE,
    Passage,
    drawn,
    forked,
    line,
    node,
    plan_of,
    ran,
    tool,
    way,
    where,
)
from tests.core.properties.driving import Watched

ASKED = line(
    tool("a", remember={"kept": "vars.a"}),
    node("ask", "WAIT", config={"signal": "go"}),
    tool("b"),
    end={"output": "{{ [vars.a, vars.ask, vars.b] }}"},
)
CHOICE = drawn(
    [
        node("start", "START"),
        tool("a"),
        node("choice", "DECISION"),
        tool("b"),
        node("end", "END", config={"output": "{{ vars.a }}"}),
    ],
    [
        way("start", "a"),
        way("a", "choice", "SUCCESS"),
        way("a", "b", "FAILURE"),
        way("choice", "b", "CONDITION_MET", when="vars.a > 1"),
        way("choice", "end"),
        way("b", "end"),
    ],
)
BRANCHES = forked([tool("a"), tool("b")], [tool("c"), tool("d")], end={"output": "{{ vars }}"})


def tried(
    document: dict[str, Any], trial: Trial, world: Callable[..., dict[str, Any]] | None = None
) -> Passage:
    """As the runner does it: checked, then recorded in the run's beginning."""
    plan = plan_of(document)
    check(plan, trial)
    passage = Watched(plan, world) if world else Watched(plan)
    options = trial.options
    until = options.get("only") or options.get("until")
    return passage.begin(trial.input, at_step=trial.at_step, pins=trial.pins, until=until)


def proven(passage: Passage) -> Passage:
    """It is over, and its record says the same again."""
    again = replay(passage.plan, passage.rows())
    assert (again.is_identical, again.fingerprint) == (True, passage.state.fingerprint)
    assert passage.state.is_over
    return passage


def test_a_pinned_node_gives_its_output_and_is_not_executed() -> None:
    passage = proven(tried(ASKED, Trial(pins={"a": {"n": 1}, "ask": None})).go())

    assert passage.state.output == [{"n": 1}, None, "b"]
    assert [command.node for command in passage.executing] == []
    assert [fact["n"] for fact in passage.told("TOOL_INVOKED")] == ["b"]
    assert {step["node_id"]: (step["status"], step["tokens"]) for step in steps_of(passage.events())} == {
        "start": ("done", 0), "a": ("pinned", 0), "ask": ("pinned", 0), "b": ("done", 0), "end": ("done", 0),
    }  # fmt: skip
    words = [event["message"] for event in passage.events()]
    assert words[0].endswith(", a trial: with pinned a, ask")
    assert "a is pinned: its output was given, nothing is executed" in words
    assert passage.told("ROOM_COMPLETED")[0]["d"]["trial"] is True


def test_nothing_that_was_made_up_stays_in_the_room() -> None:
    real = tool("c", remember={"later": "vars.a"})
    after = line(tool("a", remember={"kept": "vars.a"}), real, end={"output": "{{ memory }}"})
    inside = forked(
        [tool("a", remember={"x": "vars.a"})], [tool("b", remember={"x": "1"})],
        fork={"merge": "list"}, end={"output": "{{ memory }}"},
    )  # fmt: skip
    talks = {"output": "hello", "said": ({"role": "user", "content": "x"},), "remember": {"more": 2}}

    plain = ran(after, world=where(c=talks))
    passage = proven(tried(after, Trial(pins={"a": 7}), where(c=talks)).go())
    merged = proven(tried(inside, Trial(pins={"a": 7})).go())

    assert set(plain.remembered) == {"kept", "later", "more"}
    assert passage.state.output == {"kept": 7, "later": 7, "more": 2}  # the run itself sees it
    assert merged.state.output == {"x": [7, 1]}
    assert (passage.remembered, merged.remembered) == ({}, {})
    assert {fact["d"]["kind"] for fact in passage.told("MEMORY_UPDATED")} == {Kind.SHORT_TERM}
    assert not any(type(c).__name__ == "Say" for _, _, advanced in passage.log for c in advanced.commands)


def test_a_trial_never_has_the_fingerprint_of_an_ordinary_run() -> None:
    plain = ran(line(tool("a")))
    pinned = [proven(tried(line(tool("a")), Trial(pins={"a": "a"})).go()) for _ in range(2)]

    assert pinned[0].state.fingerprint == pinned[1].state.fingerprint != plain.state.fingerprint


@pytest.mark.parametrize(
    ("document", "until", "entered", "output"),
    [
        (ASKED, "a", ["start", "a"], "a"),
        (CHOICE, "choice", ["start", "a", "choice"], None),
        (BRANCHES, "fork", ["start", "fork"], None),
        (BRANCHES, "a", ["start", "fork", "a", "c"], "a"),
        (BRANCHES, "join", ["start", "fork", "a", "c", "b", "d", "join"], [{"branch": n, "outcome": "SUCCESS"} for n in (0, 1)]),
        (line(tool("off", disabled=True), tool("b")), "off", ["start", "off"], None),
    ],
    ids=["step", "decision", "fork", "branch", "join", "disabled"],
)  # fmt: skip
def test_a_run_ends_right_after_a_node(
    document: dict[str, Any], until: str, entered: list[str], output: Any
) -> None:
    passage = proven(
        tried(
            document,
            Trial(until=until),
            where(a={"output": "a"} if document is not CHOICE else {"output": 2}),
        ).go()
    )

    assert (passage.state.status, passage.entered(), passage.state.output) == (
        RunStatus.COMPLETED,
        entered,
        output,
    )
    words = [event["message"] for event in passage.events()]
    assert words[0].endswith(f", a trial: until {until}")
    assert words.count(f"The trial ends after {until}, as asked") == 1
    assert steps_of(passage.events())[entered.index(until)]["status"] in ("done", "skipped")
    assert not any(fact["n"] == until for fact in passage.told("TRANSITION"))


def test_the_other_branches_are_cancelled_and_play_no_part_in_the_fingerprint() -> None:
    slow, quick = [tried(BRANCHES, Trial(until="b")).move() for _ in range(2)]
    quick.answer(quick.step("c"))
    quick.move().answer(quick.step("d"))

    for passage in (slow, quick):
        passage.answer(passage.step("a"))
        passage.move().answer(passage.step("b"))
        proven(passage.move())

    assert [fact["n"] for fact in slow.told("BRANCH_CANCELLED")] == ["c"]
    assert slow.state.fingerprint == quick.state.fingerprint
    assert slow.executing == quick.executing == []
    assert slow.state.final_vars == {"a": "a", "b": "b"}


def test_nothing_begins_between_the_last_step_and_the_end() -> None:
    passage = tried(BRANCHES, Trial(until="a")).move()
    passage.answer(passage.step("c"))  # its branch is ready for more
    passage.answer(passage.step("a"))

    assert "d" not in proven(passage.move()).entered()


def test_what_came_before_a_fork_is_part_of_the_fingerprint_of_a_run_that_ends_inside() -> None:
    one, other = (proven(tried(BRANCHES, Trial(until="a", input={"x": x})).go()) for x in (1, 2))

    assert one.state.output == other.state.output
    assert one.state.fingerprint != other.state.fingerprint


@pytest.mark.parametrize("answer", [BROKEN, LATE])
@pytest.mark.parametrize(
    ("document", "until"),
    [(CHOICE, "a"), (forked([tool("a")], [tool("c")], fork={"on_branch_failure": "continue"}), "a")],
    ids=["with a way for failures", "in a branch that may fail"],
)
def test_a_run_whose_last_node_fails_has_failed(document: dict[str, Any], until: str, answer: Any) -> None:
    passage = proven(tried(document, Trial(until=until), where(a=answer)).go())

    assert passage.state.status is RunStatus.FAILED
    assert (passage.state.error or {})["node_id"] == until
    assert "b" not in passage.entered()


def test_a_join_that_is_never_passed_fails_the_run_that_was_to_end_there() -> None:
    document = forked([tool("a")], [tool("b")])
    document["transitions"].append(way("join", "end", "FAILURE"))

    passage = proven(tried(document, Trial(until="join"), where(a=BROKEN)).go())

    assert passage.state.status is RunStatus.FAILED
    assert "end" not in passage.entered()


def test_a_paused_run_ends_when_it_goes_on_and_may_be_cancelled_before() -> None:
    for last, status in ((Resumed("ada"), RunStatus.COMPLETED), (Cancelled("ada"), RunStatus.CANCELLED)):
        passage = tried(ASKED, Trial(until="ask")).go()
        passage.give(Paused("ada"))
        passage.give(Signalled("go", {"ok": True}, "ada"))
        assert passage.go().state.status is RunStatus.PAUSED  # the step under way has ended, the run has not
        passage.give(last)
        assert proven(passage.go()).state.status is status


def test_a_node_runs_alone_with_the_variables_given() -> None:
    inside = tried(BRANCHES, Trial(only="b", vars={"a": 1}, input={"x": 1}))
    choice = tried(CHOICE, Trial(only="choice", vars={"a": 5}))
    twice = tool("a", retry={"max_attempts": 2, "initial_delay_s": 0})
    again = tried(line(twice), Trial(only="a"), where(a=[BROKEN, {"output": "at last"}]))

    for passage, output in ((inside, "b"), (choice, None), (again, "at last")):
        proven(passage.go())
        assert (passage.state.status, passage.state.output) == (RunStatus.COMPLETED, output)
        assert len(passage.entered()) == 1
    assert inside.state.final_vars == {"a": 1, "b": "b"}
    assert inside.events()[0]["message"].endswith(", a trial: only b")
    assert inside.events()[0]["data"]["at_step"] == {"node": "b", "vars": {"a": 1}}


@pytest.mark.parametrize(
    ("trial", "error", "words"),
    [
        (Trial(until="nobody"), UnknownNode, "no node 'nobody'. It has: a, b, choice, end, start"),
        (Trial(only="nobody"), UnknownNode, "no node"),
        (Trial(pins={"nobody": 1}), UnknownNode, "no node"),
        (Trial(until="start"), BadTrial, "START 'start' is no node to end after"),
        (Trial(until="end"), BadTrial, "END 'end' is no node to end after"),
        (Trial(only="end"), BadTrial, "can't run alone"),
        (Trial(pins={"choice": 1}), BadTrial, "has no output that could be pinned"),
        (Trial(only="a", until="b"), BadTrial, "leave out `until`"),
        (Trial(only="a", pins={"b": 1}), BadTrial, "leave out `until` and `pins`"),
        (Trial(vars={"a": 1}), BadTrial, "name it in `only`"),
    ],
)
def test_what_can_not_be_tried_is_refused_by_name(trial: Trial, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        check(plan_of(CHOICE), trial)
    with pytest.raises(BadTrial, match="PARALLEL 'fork' can't run alone"):
        check(plan_of(BRANCHES), Trial(only="fork"))


def test_an_output_that_no_step_could_have_given_is_refused() -> None:
    shape = {"type": "object", "properties": {"urgency": {"maximum": 1}}, "required": ["urgency"]}
    plan = plan_of(
        line(
            node("ask", "AGENT_TASK", config={"provider": "scripted", "model": "echo", "prompt": "?", "output_schema": shape}),
            node("go", "WAIT", config={"signal": "go", "form_schema": {"type": "object"}}),
        )
    )  # fmt: skip

    check(plan, Trial(pins={"ask": {"urgency": 0.5}, "go": {}}))
    for pins, words in (
        ({"ask": {"urgency": 2}}, "'ask' does not fit its output_schema: urgency: 2 is greater"),
        ({"ask": {}}, "urgency: is missing"),
        ({"go": []}, r"WAIT 'go' does not fit its form_schema: the whole: \[\] is not"),
    ):
        with pytest.raises(BadTrial, match=words):
            check(plan, Trial(pins=pins))


def test_outsiders_see_which_nodes_are_pinned_not_with_what() -> None:
    assert seen_of(Trial(pins={"b": 1, "a": "x"}, until="c").options) == {"pins": ["a", "b"], "until": "c"}
    assert seen_of(Trial(only="a", vars={"x": 1}).options) == {"only": "a"}
    assert seen_of(Trial(input={"x": 1}).options) is None
