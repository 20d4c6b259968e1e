"""Whatever sound workflow is drawn, and in whatever order things happen: a run ends, and its log tells all of it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.core.inputs import Execute
from engine.core.memory import seen_of
from engine.core.replaying import replay
from engine.core.steps import steps_of
from tests.core.drawing import Passage
from tests.core.generator import Made, made_up
from tests.core.properties.driving import driven
from tests.core.properties.profile import examples

SEEDS = st.integers(0, 2**32 - 1)


@examples(40)
@given(made_up(), SEEDS)
def test_every_run_of_a_sound_workflow_ends_with_nothing_left(made: Made, seed: int) -> None:
    """Each move is checked besides: states survive storing, tokens are conserved, statuses move legally."""
    passage = driven(made, seed)

    assert passage.state.is_over
    assert (passage.executing, passage.timers) == ([], {})


@examples(40)
@given(made_up(), SEEDS)
def test_the_log_of_every_run_gives_its_state_and_its_fingerprint_again(made: Made, seed: int) -> None:
    passage = driven(made, seed)

    replayed = replay(passage.plan, passage.rows())

    assert replayed.is_identical, replayed.divergence
    assert replayed.state == passage.state
    assert replayed.fingerprint == passage.state.fingerprint


@examples(40)
@given(made_up(), SEEDS)
def test_the_story_of_every_run_is_whole(made: Made, seed: int) -> None:
    passage = driven(made, seed)
    events = passage.events()

    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] in ("ROOM_COMPLETED", "ROOM_FAILED")
    check_steps(passage, events)
    check_memory(passage, events)
    check_attempts(passage, events)


def check_steps(passage: Passage, events: list[dict[str, Any]]) -> None:
    """Every step is told from its beginning to its end."""
    steps = steps_of(events)
    assert [step["step"] for step in steps] == list(range(1, passage.state.steps + 1))
    assert {step["status"] for step in steps} <= {"done", "failed", "skipped", "cancelled"}
    assert all(step["ended_at"] or step["status"] == "skipped" for step in steps)


def check_memory(passage: Passage, events: list[dict[str, Any]]) -> None:
    """What the room remembers is what the events outside branches say."""
    told = [
        event["data"]
        for event in events
        if event["type"] == "MEMORY_UPDATED"
        and not event["branch"]
        and event["data"].get("kind") != "SHORT_TERM"
    ]
    assert {data["key"]: data["value"] for data in told} == passage.remembered
    seen = {key: seen_of(about) for key, about in passage.about.items()}
    assert {data["key"]: seen_of(data) for data in told} == seen


def check_attempts(passage: Passage, events: list[dict[str, Any]]) -> None:
    """No attempt begins twice, and none ends that did not begin."""
    commands = [
        command
        for _, _, advanced in passage.log
        for command in advanced.commands
        if isinstance(command, Execute)
    ]
    begun = [(command.activation, command.attempt) for command in commands]
    assert len(begun) == len(set(begun))
    invoked = [event for event in events if event["type"] in ("TOOL_INVOKED", "AGENT_INVOKED")]
    assert len(invoked) == len(begun)
    answered = [event for event in events if event["type"] in ENDS]
    assert len(answered) <= len(begun)


ENDS = ("TOOL_COMPLETED", "TOOL_FAILED", "AGENT_RESPONSE", "AGENT_ERROR")
