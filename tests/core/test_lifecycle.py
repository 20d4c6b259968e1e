"""A run's life: its statuses, pause and resume, cancel, and what no longer counts."""

from typing import Any

import pytest

from engine.core.inputs import (
    Abort,
    Cancelled,
    ClearTimers,
    Go,
    Input,
    Paused,
    Result,
    Resumed,
    Signalled,
    Started,
    TimerFired,
    WorkerLost,
)
from engine.core.run import LIVE, MOVES, RunStatus
from engine.core.tokens import Phase
from tests.core.drawing import BROKEN, LATE, Passage, begun, forked, line, node, plan_of, ran, tool, where

HOLD, ON, STOP = Paused("ada"), Resumed("ada"), Cancelled("ada")


def resting(**config: Any) -> Passage:
    return ran(line(node("wait", "WAIT", config=config or {"duration_s": 60}), tool("after")))


def retrying() -> Passage:
    retry = {"max_attempts": 3, "initial_delay_s": 5}
    passage = begun(line(tool("work", retry=retry)))
    passage.answer(passage.executing[0], **BROKEN)
    return passage


def branched() -> Passage:
    """A run whose branches execute, rest, wait, and lie before another attempt."""
    retry = {"max_attempts": 3, "initial_delay_s": 5}
    branches = [
        [tool("a")],
        [node("rest", "WAIT", config={"duration_s": 60})],
        [node("ask", "WAIT", config={"signal": "go"}, timeout_s=9)],
        [tool("again", retry=retry)],
    ]
    passage = begun(forked(*branches))
    passage.answer(passage.step("again"), **BROKEN)
    return passage


def test_a_run_is_queued_until_it_starts() -> None:
    passage = Passage(plan_of(line(tool("a"))))
    assert passage.state.status is RunStatus.QUEUED

    assert passage.begin().state.status is RunStatus.RUNNING


@pytest.mark.parametrize(
    "given",
    [
        Go(),
        Result(),
        TimerFired("", "deadline"),
        TimerFired("1", "wait"),
        Signalled("x"),
        HOLD,
        ON,
        WorkerLost(),
    ],
    ids=lambda given: given.kind,
)
def test_before_its_start_nothing_moves_a_run(given: Input) -> None:
    passage = Passage(plan_of(line(tool("a"))))
    before = passage.state

    advanced = passage.give(given)

    assert (passage.state, advanced.facts, advanced.commands) == (before, (), ())


def test_before_its_start_a_run_can_be_cancelled() -> None:
    passage = Passage(plan_of(line(tool("a"))))
    passage.give(STOP)

    assert passage.state.status is RunStatus.CANCELLED


def test_a_run_starts_once() -> None:
    passage = begun(line(tool("a")))
    before = passage.state

    passage.give(Started(run={"id": "other"}, input={"other": 1}))

    assert passage.state == before


def test_a_run_that_rests_in_all_its_branches_waits() -> None:
    assert resting().state.status is RunStatus.WAITING
    assert retrying().state.status is RunStatus.WAITING
    assert branched().state.status is RunStatus.RUNNING


def test_a_run_that_wakes_is_running_again() -> None:
    passage = resting()
    passage.fire("wait")

    assert passage.state.status is RunStatus.RUNNING


@pytest.mark.parametrize("stand", [begun, ran], ids=["a step is executed", "all is done that can be"])
def test_a_paused_run_begins_nothing(stand: Any) -> None:
    passage = stand(line(tool("a"), node("wait", "WAIT", config={"signal": "go"}), tool("b")))
    passage.give(HOLD)
    while passage.executing:
        passage.answer(passage.executing[0], output=1)
    before = passage.entered()

    passage.give(Signalled("go"))
    passage.give(Go())

    assert passage.state.status is RunStatus.PAUSED
    assert passage.entered() == before
    assert passage.executing == []


def test_a_running_step_finishes_while_the_run_is_paused_and_its_output_is_kept() -> None:
    passage = begun(line(tool("a"), end={"output": "{{ vars.a }}"}))
    passage.give(HOLD)
    passage.answer(passage.executing[0], output="done meanwhile")
    assert passage.state.status is RunStatus.PAUSED

    passage.give(ON)

    assert passage.go().state.output == "done meanwhile"


@pytest.mark.parametrize("make", [resting, retrying, branched])
def test_a_run_can_be_paused_and_resumed_wherever_it_stands(make: Any) -> None:
    passage = make()
    before = passage.state

    passage.give(HOLD)
    assert passage.state.status is RunStatus.PAUSED
    passage.give(ON)

    assert passage.state == before
    assert passage.types()[-2:] == ["ROOM_PAUSED", "ROOM_RESUMED"]


@pytest.mark.parametrize(("make", "timer"), [(resting, "wait"), (retrying, "retry")])
def test_a_timer_that_fires_during_a_pause_is_not_lost(make: Any, timer: str) -> None:
    passage = make()
    passage.give(HOLD)
    passage.fire(timer)
    assert passage.state.status is RunStatus.PAUSED
    assert passage.executing == []

    passage.give(ON)

    assert passage.go().state.status is RunStatus.COMPLETED


def test_a_signal_that_comes_during_a_pause_is_not_lost() -> None:
    passage = resting(signal="go")
    passage.give(HOLD)
    passage.give(Signalled("go", "meanwhile"))
    passage.give(ON)

    assert passage.go().state.status is RunStatus.COMPLETED


def test_a_worker_lost_during_a_pause_is_made_good_after_it() -> None:
    passage = begun(line(tool("a")))
    passage.give(HOLD)
    passage.executing.clear()
    passage.give(WorkerLost({"2": "none"}))
    assert passage.state.status is RunStatus.PAUSED
    assert passage.move().executing == []

    passage.give(ON)

    assert passage.go().state.status is RunStatus.COMPLETED


def test_a_step_that_fails_during_a_pause_may_end_the_run() -> None:
    passage = begun(forked([tool("a")], [tool("b")]))
    passage.give(HOLD)
    passage.answer(passage.step("a"), **BROKEN)

    assert passage.state.status is RunStatus.FAILED


@pytest.mark.parametrize("given", [HOLD, ON], ids=["pause", "resume"])
def test_a_second_pause_or_resume_is_nothing(given: Input) -> None:
    passage = resting()
    passage.give(HOLD)
    passage.give(given)

    advanced = passage.give(given)

    assert (advanced.facts, advanced.commands) == ((), ())


@pytest.mark.parametrize("make", [resting, retrying, branched])
@pytest.mark.parametrize("paused", [False, True])
def test_a_run_can_be_cancelled_wherever_it_stands(make: Any, paused: bool) -> None:
    passage = make()
    if paused:
        passage.give(HOLD)

    advanced = passage.give(STOP)

    assert passage.state.status is RunStatus.CANCELLED
    assert passage.state.error == {"code": "cancelled", "message": "Cancelled by ada.", "node_id": None}
    assert (passage.state.tokens, passage.state.forks, passage.state.ready) == ({}, {}, [])
    assert (passage.timers, passage.executing) == ({}, [])
    assert ClearTimers(None) in advanced.commands
    assert passage.types()[-1] == "ROOM_CANCELLED"


def test_cancelling_stops_what_is_executed_and_tells_each_branch() -> None:
    passage = branched()
    running = passage.step("a").activation

    advanced = passage.give(STOP)

    assert [item for item in advanced.commands if isinstance(item, Abort)] == [Abort(running)]
    cancelled = [fact["n"] for fact in advanced.facts if fact["t"] == "BRANCH_CANCELLED"]
    assert sorted(cancelled) == ["a", "again", "ask", "rest"]


def test_the_variables_of_a_run_are_kept_when_it_is_over() -> None:
    document = line(tool("a"), node("wait", "WAIT", config={"signal": "go"}))
    passage = ran(document)
    passage.give(STOP)
    assert passage.state.final_vars == {"a": "a"}

    assert ran(line(tool("a"), tool("b"))).state.final_vars == {"a": "a", "b": "b"}


def test_a_run_cancelled_inside_a_fork_keeps_what_was_set_before_it() -> None:
    document = forked([tool("a")], [node("ask", "WAIT", config={"signal": "x"})])
    document["nodes"].insert(1, tool("first"))
    document["transitions"][0]["target"] = "first"
    document["transitions"].append({"id": "on", "source": "first", "target": "fork", "on": "ALWAYS"})
    passage = ran(document)

    passage.give(STOP)

    assert passage.state.final_vars == {"first": "first"}


@pytest.mark.parametrize(
    "given",
    [
        Go(),
        Result(activation="2", output=1),
        TimerFired("2", "retry"),
        TimerFired("", "deadline"),
        Signalled("go"),
        HOLD,
        ON,
        STOP,
        WorkerLost({"2": "at_most_once"}),
        Started(run={"id": "again"}),
    ],
    ids=lambda given: given.kind,
)
@pytest.mark.parametrize("ended", ["completed", "failed", "cancelled"])
def test_nothing_follows_the_end(ended: str, given: Input) -> None:
    passage = begun(line(tool("work"))) if ended != "failed" else begun(forked([tool("work")], [tool("b")]))
    if ended == "cancelled":
        passage.give(STOP)
    else:
        passage.answer(passage.step("work"), **(BROKEN if ended == "failed" else {"output": 1}))
        passage.move()
    before = passage.state
    assert before.status.value == ended.upper()

    advanced = passage.give(given)

    assert (passage.state, advanced.facts, advanced.commands) == (before, (), ())


def test_a_finished_run_knows_its_fingerprint_and_tells_it() -> None:
    passage = ran(line(tool("a")))

    assert passage.told("ROOM_COMPLETED")[0]["d"] == {
        "steps": 3,
        "output": None,
        "fingerprint": passage.state.fingerprint,
    }
    assert passage.state.fingerprint is not None
    assert len(passage.state.fingerprint) == 32


def test_two_runs_that_go_the_same_way_have_one_fingerprint_and_others_another() -> None:
    document = line(tool("a"), tool("b"), end={"output": "{{ vars }}"})

    def fingerprint(**outputs: Any) -> str | None:
        return ran(document, world=lambda command: {"output": outputs[command.node]}).state.fingerprint

    assert fingerprint(a=1, b=2) == fingerprint(a=1, b=2)
    assert len({fingerprint(a=1, b=2), fingerprint(a=2, b=1), fingerprint(a=1, b=None)}) == 3


def test_what_its_steps_gave_is_in_the_fingerprint_of_a_run_also_when_its_result_does_not_show_it() -> None:
    def fingerprint(document: dict[str, Any], **outputs: Any) -> str | None:
        return ran(document, world=lambda command: {"output": outputs[command.node]}).state.fingerprint

    straight, apart = line(tool("a")), forked([tool("a")], [tool("b")])

    assert fingerprint(straight, a=1) != fingerprint(straight, a=2)
    assert len({fingerprint(apart, a=x, b=y) for x in (1, 2) for y in (1, 2)}) == 4


def test_the_way_a_run_took_is_in_its_fingerprint_also_when_another_leads_to_the_same_place() -> None:
    document = line(node("ask", "DECISION"))
    when = {"on": "CONDITION_MET", "when": "input.n > 1"}
    document["transitions"].append({"id": "other", "source": "ask", "target": "end", **when})

    assert ran(document, {"n": 1}).state.fingerprint != ran(document, {"n": 2}).state.fingerprint


def test_how_its_steps_ended_is_in_the_fingerprint_of_a_run() -> None:
    other = {"outcome": "FAILURE", "error": {"code": "other", "message": "It broke."}}
    worlds = [where(a={"output": None}), where(a=BROKEN), where(a=LATE), where(a=other)]

    fingerprints = {ran(line(tool("a")), world=world).state.fingerprint for world in worlds}

    assert len(fingerprints) == 4


def test_only_live_runs_hold_a_room_and_only_they_can_change() -> None:
    assert {status for status in RunStatus if not status.is_over} == set(LIVE)
    assert all(status.is_over == (not MOVES[status]) for status in RunStatus)
    assert all(RunStatus.CANCELLED in MOVES[status] for status in LIVE)


def test_the_phase_of_a_token_tells_where_it_rests() -> None:
    phases = {token.at: token.phase for token in branched().state.tokens.values()}

    assert phases == {
        "a": Phase.RUNNING,
        "rest": Phase.WAITING,
        "ask": Phase.WAITING,
        "again": Phase.RETRYING,
    }
