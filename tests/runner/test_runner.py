"""Runs on a real database: driven to their end, parked, steered, and told truly."""

import threading

import pytest

from engine.core.errors import IllegalTransition
from engine.core.run import RunStatus
from engine.services import control, history, runs
from engine.services.control import Signal
from tests.core.drawing import drawn, line, node, tool, way
from tests.fixtures.runtimes import SECOND, MovableRuntime
from tests.runner.conftest import Gate, Place

NAP_S = 4
"""A wait that the clock is moved over; less than what is always left of a lease."""
NAP = node("rest", "WAIT", config={"duration_s": NAP_S})


def test_a_run_goes_to_its_end_and_tells_every_step(place: Place) -> None:
    room = place.room(line(tool("sum", save_as="x"), end={"output": {"x": "{{ vars.x.number }}"}}))

    run = place.over(place.start(room).id)

    assert run.status is RunStatus.COMPLETED
    assert run.output == {"x": 1.0}
    events = history.events(place.rt, place.user, run.id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "ROOM_CREATED"
    assert events[-1]["type"] == "ROOM_COMPLETED"
    assert [step["node_id"] for step in history.steps(place.rt, place.user, run.id)] == [
        "start",
        "sum",
        "end",
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_tool_that_runs_at_once_needs_no_arguments_that_have_defaults(place: Place) -> None:
    now = node("now", "TOOL_EXECUTION", config={"tool": "date_time"}, save_as="now")

    run = place.over(place.start(place.room(line(now, end={"output": "{{ vars.now.weekday }}"}))).id)

    assert run.output in range(1, 8), run.error


def test_a_run_replays_to_the_same_fingerprint(place: Place) -> None:
    room = place.room(line(tool("a"), tool("b")))
    run = place.over(place.start(room).id)

    replayed = history.replay_run(place.rt, place.user, run.id)

    assert replayed["identical"], replayed
    assert replayed["fingerprint"] == run.fingerprint


def test_a_waiting_run_rests_in_the_store_and_wakes_by_its_timer(place: Place, rt: MovableRuntime) -> None:
    room = place.room(line(NAP))
    run = place.start(room)

    waiting = place.until(run.id, lambda run: run.status is RunStatus.WAITING)

    place.until(run.id, lambda _: not place.runner.is_driving(run.id))  # soon after it is seen to wait
    assert history.status(place.rt, place.user, room)["next_wake_up"]
    rt.move_clock(NAP_S * SECOND)
    assert place.over(waiting.id).status is RunStatus.COMPLETED


def test_whose_state_grows_large_is_told_once(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    template = {"tool": "text_template", "arguments": {"template": "{{ input.text }}"}}
    steps = (node(name, "TOOL_EXECUTION", config=template) for name in "abc")

    run = place.over(place.start(place.room(line(*steps)), {"text": "x" * 50_000}).id)

    assert run.status is RunStatus.COMPLETED, run.error
    told = [record.getMessage() for record in caplog.records if "in its state" in record.getMessage()]
    assert len(told) == 1
    assert run.id in told[0]


def test_a_signal_reaches_its_wait_with_its_payload(place: Place) -> None:
    room = place.room(
        line(node("ask", "WAIT", config={"signal": "approve"}), end={"output": "{{ vars.ask.by }}"})
    )
    run = place.start(room)
    place.until(run.id, lambda run: run.status is RunStatus.WAITING)

    control.signal(place.rt, place.user, room, Signal(name="approve", payload={"by": "Ada"}))

    assert place.over(run.id).output == "Ada"


def test_a_paused_run_stands_still_until_it_is_resumed(place: Place, rt: MovableRuntime) -> None:
    room = place.room(line(NAP))
    run = place.start(room)
    place.until(run.id, lambda run: run.status is RunStatus.WAITING)
    control.pause(place.rt, place.user, room)
    place.until(run.id, lambda run: run.status is RunStatus.PAUSED)

    with pytest.raises(IllegalTransition):
        control.pause(place.rt, place.user, room)

    rt.move_clock(NAP_S * SECOND)
    control.resume(place.rt, place.user, room)
    assert place.over(run.id).status is RunStatus.COMPLETED


def test_a_cancelled_run_is_over_and_its_room_free(place: Place) -> None:
    room = place.room(line(node("rest", "WAIT", config={"duration_s": 3600})))
    run = place.start(room)
    place.until(run.id, lambda run: run.status is RunStatus.WAITING)

    control.cancel(place.rt, place.user, room)

    assert place.over(run.id).status is RunStatus.CANCELLED
    with pytest.raises(IllegalTransition):
        control.cancel(place.rt, place.user, room)
    place.start(room)


def test_a_second_run_of_a_busy_room_is_refused_or_waits_in_line(place: Place, gate: Gate) -> None:
    document = line(gate.step())
    strict, patient = place.room(document), place.room(document, queue_runs=True)
    place.start(strict)
    with pytest.raises(runs.RoomBusy):
        place.start(strict)

    first, second = place.start(patient), place.start(patient)

    assert place.get(second.id).status is RunStatus.QUEUED
    gate.is_open.set()
    assert place.over(first.id).status is RunStatus.COMPLETED
    assert place.over(second.id).status is RunStatus.COMPLETED


def test_one_request_id_starts_one_run(place: Place) -> None:
    room = place.room(line(tool("a")))
    first = runs.start(place.rt, place.user, room, request_id="once")

    assert runs.start(place.rt, place.user, room, request_id="once").id == first.id


def test_memory_persists_from_run_to_run(place: Place) -> None:
    count = tool("count", remember={"visits": "has(memory.visits) ? memory.visits + 1 : 1"})
    room = place.room(line(count, end={"output": "{{ memory.visits }}"}))

    outputs = [place.over(place.start(room).id).output for _ in range(3)]

    assert outputs == [1, 2, 3]


def test_an_agent_step_waits_on_the_loop_and_can_time_out(place: Place) -> None:
    slow = node(
        "slow",
        "AGENT_TASK",
        config={"provider": "scripted", "model": "slow:5", "prompt": "wait"},
        timeout_s=0.2,
    )
    nodes = [node("start", "START"), slow, node("late", "END", config={"output": "late"}), node("end", "END")]
    ways = [way("start", "slow"), way("slow", "end", "SUCCESS"), way("slow", "late", "TIMEOUT")]
    room = place.room(drawn(nodes, ways))

    assert place.over(place.start(room).id).output == "late"


def test_cancel_aborts_a_running_step(place: Place) -> None:
    slow = node("slow", "AGENT_TASK", config={"provider": "scripted", "model": "slow:30", "prompt": "wait"})
    room = place.room(line(slow))
    run = place.start(room)
    place.until(run.id, lambda run: run.status is RunStatus.RUNNING and run.seq > 5)

    control.cancel(place.rt, place.user, room)

    assert place.until(run.id, lambda run: run.status.is_over, within_s=15).status is RunStatus.CANCELLED


def test_a_run_whose_worker_died_is_taken_over(place: Place, gate: Gate) -> None:
    other = Place(place.rt, place.user)
    run = other.start(place.room(line(gate.step())))
    place.until(run.id, lambda _: len(gate.begun) == 1)
    other.runner.stop()
    gate.is_open.set()

    assert place.over(run.id).status is RunStatus.COMPLETED
    types = [event["type"] for event in history.events(place.rt, place.user, run.id)]
    assert "WORKER_LOST" in types


def test_a_worker_that_stops_lets_the_step_under_way_end_and_begins_none(place: Place, gate: Gate) -> None:
    room = place.room(line(gate.step("one"), gate.step("two")))
    other = Place(place.rt, place.user)
    run = other.start(room)
    place.until(run.id, lambda _: len(gate.begun) == 1)

    def end_once_it_stops() -> None:
        place.until(run.id, lambda _: other.runner.is_stopping)
        gate.is_open.set()

    ending = threading.Thread(target=end_once_it_stops)
    ending.start()
    other.runner.stop(grace_s=30)
    ending.join()

    steps = history.steps(place.rt, place.user, run.id)
    assert (steps[1]["node_id"], steps[1]["status"]) == ("one", "done")  # the next is begun by another
    assert place.over(run.id).status is RunStatus.COMPLETED
    events = history.events(place.rt, place.user, run.id)
    assert "WORKER_LOST" not in [event["type"] for event in events]
    assert sum(event["type"] == "TOOL_INVOKED" for event in events) == 2


def test_a_retried_run_goes_on_where_it_failed(place: Place) -> None:
    flaky = node("ask", "AGENT_TASK", config={"provider": "scripted", "model": "fail", "prompt": "x"})
    nodes = [node("start", "START"), tool("first"), flaky, node("end", "END")]
    ways = [way("start", "first"), way("first", "ask"), way("ask", "end", "SUCCESS")]
    room = place.room(drawn(nodes, ways))
    failed = place.over(place.start(room).id)
    assert failed.status is RunStatus.FAILED

    again = runs.retry(place.rt, place.user, failed.id)
    place.runner.activate(again.id)
    steps = history.steps(place.rt, place.user, place.over(again.id).id)

    assert [step["node_id"] for step in steps] == ["ask"]
