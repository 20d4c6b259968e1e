"""Attempts: when a step is tried again, what is left when they are spent, and what a lost worker does to them."""

from typing import Any

import pytest

from engine.core.inputs import Blame, Execute, Result, TimerFired, WorkerLost
from engine.core.replaying import replay
from engine.core.run import RunStatus
from engine.core.tokens import Phase
from tests.core.drawing import BROKEN, LATE, Passage, begun, drawn, forked, line, node, ran, tool, way, where

RETRY = {"max_attempts": 4, "initial_delay_s": 2, "multiplier": 3, "max_delay_s": 10}
FINE: dict[str, Any] = {"output": "fine"}


def handled(**fields: Any) -> dict[str, Any]:
    """A step with a way out for each outcome, each to an END that shows it."""
    ends = [node(name, "END", config={"output": "{{ outcome }}"}) for name in ("done", "failed", "late")]
    ways = [way("start", "work"), way("work", "done", "SUCCESS"), way("work", "failed", "FAILURE")]
    return drawn(
        [node("start", "START"), tool("work", **fields), *ends], [*ways, way("work", "late", "TIMEOUT")]
    )


def rests(passage: Passage) -> list[float]:
    """Let every rest pass; their lengths in seconds."""
    waited = []
    while ("2", "retry") in passage.timers:
        before = passage.at_us
        waited.append((passage.timers[("2", "retry")] - before) / 1_000_000)
        passage.fire("retry")
        passage.go()
    return waited


def test_a_step_rests_between_its_attempts_longer_and_longer() -> None:
    passage = ran(handled(retry=RETRY), world=where(work=BROKEN))

    assert rests(passage) == [2, 6, 10]
    assert passage.entered()[-1] == "failed"
    assert [fact["d"]["next_attempt"] for fact in passage.told("NODE_RETRY_SCHEDULED")] == [2, 3, 4]
    assert [fact.get("a", 1) for fact in passage.told("TOOL_INVOKED")] == [1, 2, 3, 4]


def test_a_rest_that_was_asked_for_is_kept_and_recorded() -> None:
    asked = {"outcome": "FAILURE", "error": {**BROKEN["error"], "retry_after_s": 7.5}}
    passage = ran(handled(retry=RETRY), world=where(work=[asked, asked, BROKEN, FINE]))

    assert rests(passage) == [7.5, 7.5, 10]
    assert [fact["d"]["delay_s"] for fact in passage.told("NODE_RETRY_SCHEDULED")] == [7.5, 7.5, 10]
    assert passage.log[-1][2].state.output == "SUCCESS"


def test_a_resting_run_waits_and_holds_nobody() -> None:
    passage = ran(handled(retry=RETRY), world=where(work=BROKEN))

    assert passage.state.status is RunStatus.WAITING
    assert passage.state.tokens[""].phase is Phase.RETRYING


def test_the_first_success_ends_the_attempts() -> None:
    passage = ran(handled(retry=RETRY), world=where(work=[BROKEN, LATE, FINE]))

    assert rests(passage) == [2, 6]
    assert passage.state.output == "SUCCESS"


def test_a_step_that_needs_no_rest_is_tried_again_at_once() -> None:
    passage = ran(handled(retry={"max_attempts": 3, "initial_delay_s": 0}), world=where(work=BROKEN))

    assert passage.types().count("TOOL_INVOKED") == 3
    assert passage.state.output == "FAILURE"


def test_without_a_retry_there_is_one_attempt() -> None:
    assert ran(handled(), world=where(work=BROKEN)).types().count("TOOL_INVOKED") == 1


@pytest.mark.parametrize("outcome", [BROKEN, LATE])
def test_an_error_that_is_not_retryable_is_not_tried_again(outcome: dict[str, Any]) -> None:
    final = {**outcome, "error": {**outcome["error"], "retryable": False}}

    passage = ran(handled(retry=RETRY), world=where(work=final))

    assert passage.types().count("TOOL_INVOKED") == 1
    assert passage.state.output == outcome["outcome"]


def test_a_timeout_is_tried_again_like_a_failure() -> None:
    passage = ran(handled(retry=RETRY), world=where(work=LATE))

    assert rests(passage) == [2, 6, 10]
    assert passage.entered()[-1] == "late"
    assert passage.types().count("NODE_TIMED_OUT") == 4


def test_attempts_are_one_step_and_one_activation() -> None:
    passage = ran(handled(retry=RETRY), world=where(work=BROKEN))
    rests(passage)

    assert passage.state.steps == 3
    assert {fact["s"] for fact in passage.told("TOOL_INVOKED")} == {2}


def test_each_time_a_loop_comes_round_a_step_has_all_its_attempts_again() -> None:
    nodes = [node("start", "START"), tool("work", retry={"max_attempts": 2, "initial_delay_s": 0})]
    nodes += [node("more", "DECISION"), node("end", "END")]
    ways = [way("start", "work"), way("work", "more"), way("more", "end")]
    ways.append(way("more", "work", "CONDITION_MET", when="run.step < 6"))

    passage = ran(drawn(nodes, ways), world=where(work=BROKEN))

    assert [fact.get("a", 1) for fact in passage.told("TOOL_INVOKED")] == [1, 2] * 3


def test_arguments_are_rendered_anew_for_each_attempt_by_the_error_of_the_step_before_not_its_own() -> None:
    work = tool("work", retry={"max_attempts": 2, "initial_delay_s": 0})
    work["config"]["arguments"] = {"expression": "{{ error == null }}"}

    passage = begun(line(work))
    passage.answer(passage.executing[0], **BROKEN)
    passage.move()

    assert passage.executing[0].attempt == 2
    assert passage.executing[0].params["arguments"] == {"expression": True}


def test_the_timeout_of_each_attempt_goes_with_it() -> None:
    assert begun(handled(timeout_s=2.5)).executing[0].timeout_s == 2.5


def test_a_result_for_an_attempt_that_is_over_is_discarded_and_said_so() -> None:
    passage = begun(handled(retry={"max_attempts": 3, "initial_delay_s": 0}))
    first = passage.executing[0]
    passage.answer(first, **LATE)
    passage.move()
    before = passage.state

    late = passage.give(Result(activation=first.activation, attempt=1, output="too late", remember={"x": 1}))

    assert passage.state == before
    assert [fact["t"] for fact in late.facts] == ["BRANCH_CANCELLED"]
    assert late.commands == ()
    assert passage.events()[-1]["message"] == (
        "A branch was cancelled at an earlier step: its result came late and is discarded"
    )
    assert passage.events()[-1]["data"]["output"] == "too late"


def test_of_two_results_for_one_attempt_the_second_is_discarded() -> None:
    passage = begun(handled())
    command = passage.executing[0]
    passage.answer(command, output="first")

    passage.give(Result(activation=command.activation, attempt=1, **BROKEN))

    assert passage.go().state.output == "SUCCESS"


def test_a_retry_timer_that_fires_twice_starts_one_attempt() -> None:
    passage = ran(handled(retry=RETRY), world=where(work=BROKEN))
    passage.fire("retry")

    again = passage.give(TimerFired(activation="2", timer="retry"))

    assert (again.facts, again.commands) == ((), ())
    assert passage.move().types().count("TOOL_INVOKED") == 2


def lost(passage: Passage, effect: str, blame: Blame = Blame.WORKER, why: str = "") -> list[str]:
    """Lose the worker; the types of the facts that follow."""
    commands, passage.executing = passage.executing, []
    effects = {command.activation: effect for command in commands}
    advanced = passage.give(WorkerLost(effects, blame, why))
    return [fact["t"] for fact in advanced.facts]


@pytest.mark.parametrize(
    ("effect", "consequence"),
    [("none", "it is repeated"), ("idempotent", "it is repeated"), ("external", "it may have run twice")],
)
def test_a_step_whose_worker_was_lost_is_repeated_as_its_effect_allows(effect: str, consequence: str) -> None:
    passage = begun(handled())
    first = passage.executing[0]

    assert lost(passage, effect) == ["WORKER_LOST"]

    passage.move()
    assert passage.executing == [Execute(first.activation, "work", 2, first.params, None)]
    assert passage.told("WORKER_LOST")[0]["d"] == {"consequence": consequence, "effect": effect}
    assert passage.go().state.output == "SUCCESS"


def test_a_step_that_must_not_happen_twice_fails_with_its_outcome_unknown() -> None:
    passage = begun(handled(retry=RETRY))

    assert lost(passage, "at_most_once")[:2] == ["EFFECT_UNKNOWN", "NODE_FAILED"]

    assert passage.told("NODE_FAILED")[0]["e"]["code"] == "unknown_outcome"
    assert passage.go().state.output == "FAILURE"
    assert passage.types().count("TOOL_INVOKED") == 1


def test_an_effect_that_nobody_names_counts_as_external() -> None:
    passage = begun(handled())
    passage.give(WorkerLost())

    assert passage.told("WORKER_LOST")[0]["d"]["effect"] == "external"


def test_a_step_that_takes_three_processes_down_fails_whatever_retries_it_has() -> None:
    passage = begun(handled(retry=RETRY))
    for blame, why in ((Blame.WORKER, ""), (Blame.CHILD, "it ended with exit code 3")):
        assert lost(passage, "idempotent", blame, why) == ["WORKER_LOST"]
        passage.move()

    assert "NODE_FAILED" in lost(passage, "idempotent", Blame.CHILD, "it was killed by SIGSEGV")

    assert passage.told("WORKER_LOST")[1]["d"]["why"] == "it ended with exit code 3"
    assert passage.told("NODE_FAILED")[0]["e"]["code"] == "worker_lost"
    message = "3 processes died while they executed this step; the last: it was killed by SIGSEGV."
    assert passage.told("NODE_FAILED")[0]["e"]["message"] == message
    assert passage.go().state.output == "FAILURE"


def test_the_death_of_a_child_is_that_of_its_own_step_alone() -> None:
    passage = begun(forked([tool("a")], [tool("b")]))
    first, second = passage.executing

    passage.executing.remove(first)
    passage.give(WorkerLost({first.activation: "idempotent"}, Blame.CHILD))

    assert [fact["n"] for fact in passage.told("WORKER_LOST")] == ["a"]
    assert passage.executing == [second]
    assert passage.go().state.status is RunStatus.COMPLETED


@pytest.mark.parametrize("blame", [Blame.WORKER, Blame.NOBODY])
def test_a_step_is_not_blamed_for_workers_that_die_while_it_is_in_a_child(blame: Blame) -> None:
    passage = begun(handled(retry=RETRY))
    for _ in range(10):
        assert lost(passage, "idempotent", blame) == ["WORKER_LOST"]
        passage.move()

    assert passage.executing[0].attempt == 11
    assert passage.go().state.output == "SUCCESS"


def deaths(passage: Passage, *blames: Blame) -> list[tuple[int, bool]]:
    """After each loss: how often the step was lost by its own doing, as far as one knows, and whether it goes to a child."""
    seen = []
    for blame in blames:
        assert lost(passage, "idempotent", blame) == ["WORKER_LOST"]
        token = passage.state.tokens[""]
        seen.append((token.deaths, token.is_apart))
        passage.move()
    return seen


W, C, CHILD, NOBODY = Blame.WORKER, Blame.CROWD, Blame.CHILD, Blame.NOBODY


@pytest.mark.parametrize(
    ("blames", "seen"),
    [
        ([C], [(1, False)]),
        ([C, NOBODY, NOBODY], [(1, False)] * 3),
        ([C, C, C, W, NOBODY], [(1, False)] + [(2, True)] * 4),
        ([C, W, C, W], [(1, False)] + [(2, True)] * 3),
        ([C, CHILD, C, W], [(1, False)] + [(2, True)] * 3),
        ([W, C, C, C], [(1, True)] * 4),
        ([CHILD, C, W, CHILD, C], [(1, True)] * 3 + [(2, True)] * 2),
    ],
    ids=lambda given: "-".join(given) if given and isinstance(given[0], str) else "",
)
def test_a_step_lost_in_a_crowd_is_repeated_where_it_was_once(
    blames: list[Blame], seen: list[tuple[int, bool]]
) -> None:
    passage = begun(handled())

    assert deaths(passage, *blames) == seen

    assert replay(passage.plan, passage.rows()).is_identical
    assert passage.go().state.output == "SUCCESS"


@pytest.mark.parametrize("second", [W, C])
def test_a_step_that_kills_its_crowded_worker_is_stopped_after_three_deaths(second: Blame) -> None:
    passage = begun(handled(retry=RETRY))
    deaths(passage, C, second)

    assert "NODE_FAILED" in lost(passage, "idempotent", CHILD, "it ended with exit code 3")

    assert passage.told("NODE_FAILED")[0]["e"] == {
        "code": "worker_lost",
        "message": "3 processes died while they executed this step; the last: it ended with exit code 3.",
        "node_id": "work",
        "retryable": False,
    }
    assert passage.go().state.output == "FAILURE"


def test_what_must_not_happen_twice_is_not_repeated_because_it_was_lost_in_a_crowd() -> None:
    passage = begun(handled())

    assert lost(passage, "at_most_once", C)[:2] == ["EFFECT_UNKNOWN", "NODE_FAILED"]

    assert passage.told("NODE_FAILED")[0]["e"]["code"] == "unknown_outcome"


def test_the_next_step_is_not_suspected_for_what_its_token_was_lost_with_before() -> None:
    passage = begun(line(tool("a"), tool("b")))
    deaths(passage, C, W)
    passage.answer(passage.executing[0])
    passage.move()

    assert passage.executing[0].node == "b"
    assert deaths(passage, W, C) == [(1, True), (1, True)]


def test_a_lost_worker_costs_no_retry() -> None:
    passage = begun(handled(retry={"max_attempts": 2, "initial_delay_s": 0}))
    lost(passage, "none")
    passage.move()
    passage.answer(passage.executing[0], **BROKEN)
    passage.move()

    assert passage.executing[0].attempt == 3
    assert passage.go().state.output == "SUCCESS"


def test_the_result_of_a_lost_worker_is_discarded() -> None:
    passage = begun(handled())
    first = passage.executing[0]
    lost(passage, "external")
    passage.move()
    before = passage.state

    passage.give(Result(activation=first.activation, attempt=1, **BROKEN))

    assert passage.state == before
    assert passage.go().state.output == "SUCCESS"


def test_a_worker_lost_while_nothing_was_executed_changes_nothing() -> None:
    passage = ran(line(node("rest", "WAIT", config={"duration_s": 5})))

    advanced = passage.give(WorkerLost())

    assert (advanced.facts, advanced.commands) == ((), ())
    assert passage.state.status is RunStatus.WAITING


def test_who_says_when_to_come_again_is_not_asked_earlier() -> None:
    late = {**BROKEN, "error": {**BROKEN["error"], "retry_after_s": 7.5}}
    passage = ran(handled(retry=RETRY), world=where(work=[late, late, FINE]))

    assert rests(passage) == [7.5, 7.5]
    assert passage.state.output == "SUCCESS"
