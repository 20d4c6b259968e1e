"""Replay: a log re-derives itself byte for byte, or the first row that does not is named."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from engine.core.advance import can_go, move
from engine.core.fingerprint import canonical, link
from engine.core.inputs import (
    ENGINE_VERSION,
    KINDS,
    Cancelled,
    Execute,
    Go,
    Input,
    Paused,
    Result,
    Resumed,
    Signalled,
    Started,
    TimerFired,
    WorkerLost,
    input_of,
)
from engine.core.log import Stored, encoded, entry
from engine.core.replaying import replay
from engine.core.tokens import State
from tests.core.drawing import BROKEN, START_US, Passage, begun, forked, line, node, plan_of, ran, tool, where


def eventful() -> Passage:
    """Forks, an attempt more, a signal, a pause, a lost worker and a late result."""
    work = tool("work", retry={"max_attempts": 3, "initial_delay_s": 1}, remember={"seen": "vars.work"})
    branches = [[work], [node("ask", "WAIT", config={"signal": "go"}, timeout_s=60)]]
    passage = begun(forked(*branches, end={"output": "{{ vars }}"}), {"n": 1}, memory={"seen": 0})
    first = passage.step("work")
    passage.answer(first, **BROKEN)
    passage.give(Paused("ada"))
    passage.fire("retry")
    passage.give(Resumed("bob"))
    passage.move()
    passage.executing.clear()
    passage.give(WorkerLost({first.activation: "idempotent"}))
    passage.give(Result(activation=first.activation, attempt=2, output="late"))
    passage.give(Signalled("go", {}, "ada"))
    return passage.go()


def test_a_log_gives_the_state_and_the_fingerprint_again() -> None:
    passage = eventful()

    replayed = replay(passage.plan, passage.rows())

    assert replayed.is_identical, replayed.divergence
    assert replayed.state == passage.state
    assert replayed.fingerprint == passage.state.fingerprint


@pytest.mark.parametrize("output", [{}, [], None, 0, False, "", {"a": {}}])
def test_empty_values_are_kept_in_the_log_as_they_were(output: Any) -> None:
    ask = node("ask", "WAIT", config={"signal": "go"})
    passage = ran(
        line(tool("a"), ask, end={"output": "{{ [vars, input] }}"}),
        {},
        world=where(a={"output": output}),
    )
    passage.give(Signalled("go", output))
    passage.go()
    assert passage.state.output == [{"a": output, "ask": output}, {}]

    replayed = replay(passage.plan, passage.rows())

    assert replayed.is_identical, replayed.divergence
    assert replayed.state.output == passage.state.output


def test_a_log_can_be_replayed_up_to_a_moment() -> None:
    passage = eventful()
    rows = passage.rows()
    states = [advanced.state for _, _, advanced in passage.log if advanced.facts]

    for row, state in zip(rows, states, strict=True):
        assert replay(passage.plan, rows, upto_seq=row.seq).state == state


def test_the_row_that_queued_a_run_is_checked_for_its_hash() -> None:
    passage = ran(line(tool("a")))
    body = encoded([{"at": 1, "in": {"k": "queued"}, "ev": [{"t": "RUN_QUEUED"}]}])
    rows = relinked([Stored(1, body, ""), *passage.rows()])
    assert replay(passage.plan, rows).is_identical

    forged = [replace(rows[0], body=body.replace(b"QUEUED", b"FORGED")), *rows[1:]]

    divergence = replay(passage.plan, forged).divergence
    assert divergence is not None
    assert divergence["seq"] == 1


def relinked(rows: list[Stored]) -> list[Stored]:
    """The rows with hashes that fit, as one would write them who changes a log and knows how."""
    found, head = [], ""
    for row in rows:
        head = link(head, row.body)
        found.append(replace(row, hash=head))
    return found


def changed(rows: list[Stored], index: int, **input_: Any) -> list[Stored]:
    (one,) = orjson.loads(rows[index].body)
    one["in"] |= input_
    return [*rows[:index], replace(rows[index], body=encoded([one])), *rows[index + 1 :]]


def entry_of(row: Stored) -> dict[str, Any]:
    ((_, one),) = row.entries()
    return one


def test_a_row_changed_afterwards_is_named() -> None:
    passage = eventful()
    rows = passage.rows()

    for index, row in enumerate(rows):
        divergence = replay(passage.plan, changed(rows, index, forged=True)).divergence

        assert divergence is not None
        assert divergence["seq"] == row.seq - len(entry_of(row)["ev"]) + 1
        assert divergence["reason"] == "the recorded row was changed: its hash does not fit"


def test_a_row_left_out_is_noticed() -> None:
    passage = eventful()
    rows = passage.rows()

    for index in range(len(rows) - 1):
        assert not replay(passage.plan, rows[:index] + rows[index + 1 :]).is_identical


def test_a_log_from_which_other_facts_follow_is_named_with_both() -> None:
    passage = ran(line(tool("a"), end={"output": "{{ vars.a }}"}))
    rows = passage.rows()
    index = next(index for index, row in enumerate(rows) if entry_of(row)["in"]["k"] == "result")

    replayed = replay(passage.plan, relinked(changed(rows, index, r="FAILURE")))

    assert replayed.divergence is not None
    assert replayed.divergence["seq"] == rows[index].seq
    assert replayed.divergence["reason"] == "other facts follow"
    assert replayed.divergence["recorded"] == entry_of(rows[index])["ev"]
    assert replayed.divergence["derived"] != entry_of(rows[index])["ev"]
    assert replayed.fingerprint is None


@pytest.mark.parametrize(
    "change",
    [
        *({"own": own} for own in (0, 1, 99, -99, True, 1.5, "x", [])),
        {"ev": None},
        {"ev": [5]},
        {"in": {"k": "unheard_of"}},
        {"in": {"k": "result", "a": "1", "unheard_of": 1}},
        {"in": {"k": "result", "a": []}},
        {"at": "noon"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_named_though_the_hashes_fit(change: dict[str, Any]) -> None:
    passage = ran(line(tool("a"), tool("b")))
    rows = passage.rows()
    index = next(index for index, row in enumerate(rows) if entry_of(row)["in"]["k"] == "result")
    body = encoded([entry_of(rows[index]) | change])

    forged = relinked([*rows[:index], replace(rows[index], body=body), *rows[index + 1 :]])

    divergence = replay(passage.plan, forged).divergence
    assert divergence is not None
    assert rows[index - 1].seq <= divergence["seq"] <= rows[index].seq


def test_another_workflow_does_not_give_the_same_facts() -> None:
    passage = ran(line(tool("a"), tool("b")))
    other = ran(line(tool("a"), tool("c"))).plan

    assert not replay(other, passage.rows()).is_identical


@pytest.mark.parametrize(
    "given",
    [
        Started(
            run={"id": "r"},
            input={},
            memory={"a": 1},
            limits={"max_steps": 3},
            at_step={"node": "a", "vars": {}},
        ),
        Started(),
        Result(activation="2", attempt=3, output={"a": []}, said=({"role": "user"},), usage={"tokens": 1}),
        Result(activation="2", outcome="FAILURE", error={"code": "x", "message": "y"}, remember={"a": None}),
        Result(activation="2", output={}, trace=({"turn": 0},)),
        TimerFired("2", "retry"),
        Signalled("go", [], "ada"),
        Signalled("go", {}),
        Paused("ada"),
        Resumed("ada"),
        Cancelled("ada"),
        WorkerLost({"2": "external"}),
    ],
    ids=lambda given: given.kind,
)
def test_an_input_comes_back_from_the_log_as_it_was(given: Input) -> None:
    assert input_of(orjson.loads(canonical(given.plain()))) == given
    assert KINDS[given.kind] is type(given)


def test_the_log_keeps_nothing_that_goes_without_saying() -> None:
    assert Started().plain() == {"k": "start", "engine": ENGINE_VERSION}
    assert Result(activation="2").plain() == {"k": "result", "a": "2"}
    assert Signalled("go").plain() == {"k": "signal", "name": "go"}


def test_the_log_always_says_which_engine_made_it() -> None:
    assert Started().plain()["engine"] == ENGINE_VERSION


@pytest.mark.parametrize(
    "kept", [{"remember": {"all": "vars"}}, {"remember": {"all": "memory"}}, {"id": "vars"}], ids=str
)
def test_what_is_told_of_all_variables_does_not_change_with_what_follows(kept: dict[str, Any]) -> None:
    first = tool("a", **kept) if "id" not in kept else node("a", "WAIT", config={"signal": "go"})
    last = node("c", "TOOL_EXECUTION", config={"tool": "calculator", "arguments": "{{ vars }}"})
    plan = plan_of(
        line(first, tool("b", remember={"seen": "memory"}), last, tool("d"), end={"output": "{{ vars }}"})
    )
    state, entries, at_us = State(), [], START_US
    waiting: list[Input] = [Started(run={"id": "run"}, input={}), Signalled("go", {}, "ada")]
    while not state.is_over:  # in one state, as a driver does, and encoded at the end only
        given = waiting.pop(0) if waiting and (not can_go(state) or at_us == START_US) else Go()
        at_us += 1
        facts, commands = move(plan, state, given, at_us)
        entries.append(entry(given, facts, at_us))
        waiting += [Result(item.activation, output=1) for item in commands if isinstance(item, Execute)]
    body = encoded(entries)

    replayed = replay(plan, [Stored(sum(len(one["ev"]) for one in entries), body, link("", body))])

    assert replayed.is_identical, replayed.divergence
