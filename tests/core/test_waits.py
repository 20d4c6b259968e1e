"""WAIT steps: rests, moments, signals that come in time, early, late or never."""

from typing import Any

import pytest

from engine.core.inputs import Cancelled, ClearTimers, Signalled, TimerFired
from engine.core.run import RunStatus
from engine.core.times import rfc3339
from tests.core.drawing import Passage, drawn, forked, line, node, ran, tool, way


def waiting(*, end: str = "{{ vars.wait }}", timeout_s: float | None = None, **config: Any) -> dict[str, Any]:
    extra = {} if timeout_s is None else {"timeout_s": timeout_s}
    return line(node("wait", "WAIT", config=config, **extra), end={"output": end})


def asking(name: str = "go", **fields: Any) -> Passage:
    return ran(waiting(signal=name, **fields))


def test_a_rest_ends_when_its_time_has_come_and_not_before() -> None:
    passage = ran(waiting(duration_s=1.5, end="over"))

    assert passage.state.status is RunStatus.WAITING
    assert passage.timers[("2", "wait")] == passage.at_us + 1_500_000
    passage.fire("wait")
    assert passage.go().state.output == "over"
    assert passage.told("NODE_EXECUTED")[1]["ms"] >= 1500


def test_a_rest_writes_no_variable() -> None:
    passage = ran(waiting(duration_s=1, end="{{ has(vars.wait) }}"))
    passage.fire("wait")

    assert passage.go().state.output is False


@pytest.mark.parametrize(
    "config", [{"duration_s": 0}, {"until": "'2001-01-01T00:00:00Z'"}, {"until": "run.started_at"}]
)
def test_what_lies_in_the_past_is_not_waited_for(config: dict[str, Any]) -> None:
    passage = ran(waiting(**config, end="at once"))

    assert passage.state.output == "at once"
    assert "WAIT_STARTED" not in passage.types()


def test_a_moment_is_waited_for_to_the_microsecond() -> None:
    passage = ran(waiting(until="input.at", end="over"), {"at": "2024-02-29T09:00:00.000001+01:00"})

    assert rfc3339(passage.timers[("2", "wait")]) == "2024-02-29T08:00:00.000001Z"
    assert passage.told("WAIT_STARTED")[0]["d"]["until"] == "2024-02-29T08:00:00.000001Z"
    passage.fire("wait")
    assert passage.go().state.output == "over"


@pytest.mark.parametrize(
    ("moment", "why"),
    [
        ("tomorrow", "no RFC 3339 time"),
        ("2024-02-29T09:00:00", "zone"),
        ("2023-02-29T09:00:00Z", "day is out of range"),
        ("9999-12-31T23:59:59-01:00", "9999"),
        (1_700_000_000, "int"),
        (None, "NoneType"),
    ],
)
def test_a_moment_that_is_none_fails_the_step(moment: Any, why: str) -> None:
    passage = ran(waiting(until="input.at", end="{{ error.code }} {{ error.message }}"), {"at": moment})

    assert passage.state.output.startswith("evaluation_error ")
    assert why in passage.state.output


def test_an_until_that_cannot_be_evaluated_fails_the_step_and_says_where() -> None:
    passage = ran(waiting(until="input.nowhere", end="{{ error.message }}"))

    assert passage.state.output.startswith("config.until: At 1:")


def test_a_wait_is_not_tried_again() -> None:
    wait = node("wait", "WAIT", config={"until": "'never'"}, retry={"max_attempts": 3, "initial_delay_s": 0})

    assert ran(line(wait)).types().count("NODE_FAILED") == 1


@pytest.mark.parametrize("payload", [{"by": "Ada", "ok": True}, {}, [], None, "é", 0, False])
def test_the_payload_of_a_signal_is_the_output_of_its_wait(payload: Any) -> None:
    passage = asking(end="{{ vars }}")

    passage.give(Signalled("go", payload, "ada"))

    assert passage.go().state.output == {"wait": payload}


def test_a_signal_with_another_name_wakes_nobody() -> None:
    passage = asking()
    passage.give(Signalled("stop", 1))

    assert passage.go().state.status is RunStatus.WAITING


def test_a_signal_that_comes_early_is_kept_for_its_wait() -> None:
    document = line(
        node("rest", "WAIT", config={"duration_s": 1}),
        node("wait", "WAIT", config={"signal": "go"}),
        end={"output": "{{ vars.wait }}"},
    )
    passage = ran(document)
    passage.give(Signalled("go", "early"))
    passage.fire("wait")

    assert passage.go().state.output == "early"


def test_early_signals_are_handed_out_in_their_order_one_to_each_wait() -> None:
    waits = [node(name, "WAIT", config={"signal": "go"}) for name in ("a", "b", "c")]
    passage = ran(line(node("rest", "WAIT", config={"duration_s": 1}), *waits, end={"output": "{{ vars }}"}))
    passage.give(Signalled("go", 1))
    passage.give(Signalled("go", 2))
    passage.fire("wait")
    passage.go()

    assert passage.state.status is RunStatus.WAITING
    passage.give(Signalled("go", 3))
    assert passage.go().state.output == {"a": 1, "b": 2, "c": 3}


def test_of_two_branches_that_wait_for_one_name_the_one_that_waits_longer_gets_it() -> None:
    late = [tool("work"), node("late", "WAIT", config={"signal": "go"})]
    passage = ran(
        forked(late, [node("early", "WAIT", config={"signal": "go"})], end={"output": "{{ vars }}"})
    )
    assert passage.state.status is RunStatus.WAITING

    passage.give(Signalled("go", "first"))
    assert passage.go().state.status is RunStatus.WAITING
    passage.give(Signalled("go", "second"))

    output = passage.go().state.output
    assert (output["early"], output["late"]) == ("first", "second")


def test_a_signal_that_does_not_come_in_time_is_a_timeout() -> None:
    wait = node("wait", "WAIT", config={"signal": "go"}, timeout_s=60)
    ends = [
        node("end", "END"),
        node("late", "END", config={"output": "{{ error.code }}: {{ error.message }}"}),
    ]
    ways = [way("start", "wait"), way("wait", "end", "SUCCESS"), way("wait", "late", "TIMEOUT")]
    passage = ran(drawn([node("start", "START"), wait, *ends], ways))

    passage.fire("timeout")

    assert passage.go().state.output == "timeout: The signal 'go' did not come within 60 s."
    assert passage.told("WAIT_ENDED")[0]["e"]["code"] == "timeout"
    assert passage.types().count("NODE_TIMED_OUT") == 1


def test_a_signal_that_comes_in_time_stops_its_timeout() -> None:
    passage = asking(timeout_s=60)

    advanced = passage.give(Signalled("go", 1))

    assert ClearTimers("2") in advanced.commands
    stale = passage.give(TimerFired("2", "timeout"))
    assert (stale.facts, passage.go().state.output) == ((), 1)


def test_a_timeout_beside_a_signal_that_is_there_already_is_never_set() -> None:
    document = line(
        node("rest", "WAIT", config={"duration_s": 1}),
        node("wait", "WAIT", config={"signal": "go"}, timeout_s=60),
    )
    passage = ran(document)
    passage.give(Signalled("go"))
    passage.fire("wait")

    assert passage.go().state.status is RunStatus.COMPLETED
    assert ("3", "timeout") not in passage.timers


@pytest.mark.parametrize(
    ("config", "timer"),
    [({"signal": "go"}, "wait"), ({"signal": "go"}, "timeout"), ({"duration_s": 5}, "timeout")],
)
def test_a_timer_that_a_wait_never_set_does_not_end_it(config: dict[str, Any], timer: str) -> None:
    passage = ran(waiting(**config))

    assert passage.give(TimerFired("2", timer)).facts == ()
    assert passage.state.status is RunStatus.WAITING


def test_the_timer_of_an_earlier_round_wakes_no_later_one() -> None:
    nodes = [node("start", "START"), node("wait", "WAIT", config={"duration_s": 5})]
    nodes += [node("more", "DECISION"), node("end", "END")]
    ways = [way("start", "wait"), way("wait", "more"), way("more", "end")]
    ways.append(way("more", "wait", "CONDITION_MET", when="run.step < 4"))
    passage = ran(drawn(nodes, ways))
    passage.fire("wait")
    passage.go()

    assert passage.give(TimerFired("2", "wait")).facts == ()
    assert passage.state.status is RunStatus.WAITING


def test_what_a_person_is_asked_is_rendered_when_the_wait_begins() -> None:
    passage = ran(waiting(signal="go", message="Ship {{ input.what }}?", timeout_s=5), {"what": "it"})

    assert passage.told("WAIT_STARTED")[0]["d"] == {
        "what": "signal go",
        "signal": "go",
        "text": "Ship it?",
        "until": rfc3339(passage.timers[("2", "timeout")]),
    }


def test_a_question_that_cannot_be_rendered_fails_the_step_and_leaves_no_timer() -> None:
    passage = ran(waiting(signal="go", message="{{ vars.nope }}", timeout_s=5, end="{{ error.message }}"))

    assert passage.state.output.startswith("config.message: At ")
    assert passage.timers == {}


def test_a_signal_is_told_with_its_sender_and_payload_whether_waited_for_or_not() -> None:
    passage = asking()
    passage.give(Signalled("later", 1, "bob"))
    passage.give(Signalled("go", 2, "ada"))

    assert [fact["d"] for fact in passage.told("SIGNAL_RECEIVED")] == [
        {"name": "later", "by": "bob", "payload": 1},
        {"name": "go", "by": "ada", "payload": 2},
    ]


def test_a_signal_after_the_end_is_nothing() -> None:
    passage = asking()
    passage.give(Cancelled("ada"))

    assert passage.give(Signalled("go", 1)).facts == ()
    assert passage.state.status is RunStatus.CANCELLED
