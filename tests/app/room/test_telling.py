"""What the page tells of recorded events: words while they come, turns, times, verdicts, memory, two runs beside each other."""

from itertools import count
from typing import Any

from tests.app.room.node import node

Event = dict[str, Any]


def told(what: str, given: Any) -> Any:
    return node("telling.mjs", [{"what": what, "given": given}])[0]


def event(type_: str, seq: int = 1, node_id: str | None = "a", **more: Any) -> Event:
    fields = {"step": 2, "attempt": 1, "branch": "", "data": {}, "error": None, "duration_ms": None}
    at = f"2026-01-01T00:00:{seq:02}.000000Z"
    return {
        "run_id": "r",
        "seq": seq,
        "at": at,
        "type": type_,
        "node_id": node_id,
        "message": "",
        **fields,
        **more,
    }


def run(*events: Event) -> list[Event]:
    """The events as one run's: numbered, with the time that goes on."""
    return [{**one, "seq": seq, "at": event("", seq)["at"]} for seq, one in enumerate(events, 1)]


def delta(at: int, text: str, turn: int = 1, **more: Any) -> dict[str, Any]:
    said = {"run_id": "r", "node_id": "a", "step": 2, "attempt": 1, "turn": turn, "at": at, "text": text}
    return {"delta": said | more}


def answered(turn: int) -> dict[str, Any]:
    return {"event": event("AGENT_RESPONSE", data={"turn": turn})}


def test_words_come_in_pieces_and_their_loss_does_no_harm():
    cases: list[list[dict[str, Any]]] = [
        [delta(0, "Hello"), delta(5, " you")],
        [delta(0, "Hello"), delta(9, " there")],
        [delta(0, "Hello"), delta(0, "Hello"), delta(3, "lo you")],
        [delta(6, "you")],
        [delta(0, "Old"), delta(0, "New", turn=2), delta(3, "er")],
        [delta(0, "Old"), delta(0, "Again", attempt=2)],
        [delta(0, "Hello"), answered(1)],
        [delta(0, "Next", turn=2), answered(1)],
        [delta(0, "Hello"), {"event": event("ROOM_CANCELLED", step=None)}],
    ]
    said = node("telling.mjs", [{"what": "words", "given": case} for case in cases])
    assert [[speech["text"] for speech in speeches] for speeches in said] == [
        ["Hello you"],
        ["Hello …  there"],
        ["Hello you"],
        [" … you"],
        ["New"],
        ["Again"],
        [],
        ["Next"],
        [],
    ]


CALL = {"tool": "t", "turn": 1, "call": 1}


def test_an_agents_turns_have_their_calls_with_what_came_of_them():
    asks = {"text": "", "tool_calls": [{"id": "1", "name": "t", "arguments": {"x": 1}}]}
    used = {"input_tokens": 5, "output_tokens": 2, "cost_usd": 0.5, "provider": "p", "model": "m"}
    events = run(
        event("AGENT_INVOKED", data={"provider": "p", "model": "m", "prompt": "Hi"}),
        event("AGENT_RESPONSE", data={"turn": 1, "output": asks, **used}, duration_ms=7),
        event("WAIT_STARTED", data={"tool": "t", "arguments": {"x": 1}, "signal": "s"}),
        event("WAIT_ENDED", data={"payload": {"approved": True, "note": "ok"}, "by": "Ada"}),
        event("AGENT_INVOKED", data={"resumed": True}),
        event("TOOL_INVOKED", data={**CALL, "arguments": {"x": 1}}),
        event("TOOL_COMPLETED", data={**CALL, "output": 9}, duration_ms=3),
        event("AGENT_INVOKED", data={"turn": 2, "messages": 4}),
        event("AGENT_ERROR", error={"code": "overloaded", "message": "Too much."}),
        event("AGENT_INVOKED", attempt=2, data={"provider": "p"}),
        event("AGENT_RESPONSE", attempt=2, data={"turn": 2, "output": {"text": "Nine."}, **used}),
    )
    waiting, failed, done = (told("turns", events[:end]) for end in (3, 9, None))
    assert [turn["status"] for turn in waiting] == ["answered"]
    assert waiting[0]["calls"][0]["status"] == "asked"
    denied = told(
        "turns", [*events[:3], event("WAIT_ENDED", data={"payload": {"approved": False}, "by": "Ada"})]
    )
    assert denied[0]["calls"][0]["approval"]["approved"] is False
    first, second = failed
    assert (first["took_ms"], first["cost_usd"], first["input_tokens"]) == (7, 0.5, 5)
    call = first["calls"][0]
    assert (call["status"], call["result"], call["took_ms"]) == ("done", 9, 3)
    assert {name: call["approval"][name] for name in ("approved", "by", "note")} == {
        "approved": True, "by": "Ada", "note": "ok",
    }  # fmt: skip
    assert (second["status"], second["error"]["code"]) == ("failed", "overloaded")
    assert [(turn["turn"], turn["status"], turn["text"], turn["attempt"]) for turn in done] == [
        (1, "answered", "", 1),
        (2, "answered", "Nine.", 2),
    ]


def test_a_steps_times_are_its_attempts_waits_and_rests():
    events = run(
        event("NODE_ENTERED"),
        event("TOOL_INVOKED"),
        event("NODE_FAILED"),
        event("NODE_RETRY_SCHEDULED"),
        event("WAIT_ENDED", data={"what": "retry"}),
        event("TOOL_INVOKED", attempt=2),
        event("WAIT_STARTED", attempt=2),
        event("WAIT_ENDED", attempt=2),
        event("NODE_EXECUTED", attempt=2),
    )
    bars = [
        (bar["kind"], bar["attempt"], bar["hasFailed"], bar["to"] is None) for bar in told("bars", events)
    ]
    assert bars == [
        ("work", 1, True, False),
        ("rest", 1, False, False),
        ("work", 2, False, False),
        ("wait", 2, False, False),
        ("work", 2, False, False),
    ]
    assert told("bars", events[:7])[-1]["to"] is None


def test_every_way_out_of_a_step_has_its_verdict():
    false = {"transition": "w1", "value": False, "when": "x > 1", "values": {"x": 1}, "wrote_by": {"x": 7}}
    events = run(
        event("NODE_EXITED", data={"outcome": "SUCCESS"}),
        event("TRANSITION", data={"transition": "w2", "target": "c", "on": "CONDITION_MET", "when": "x", "values": {"x": 1}, "tried": [false]}),
        event("NODE_EXITED", step=3, data={"outcome": "FAILURE"}),
        event("TRANSITION", step=3, data={"transition": "w4", "target": "d", "on": "FAILURE"}),
        event("NODE_FAILED", step=4, error={"code": "condition_error", "message": "no x", "transition_id": "w1"}),
    )  # fmt: skip
    ways = {"w1": "CONDITION_MET", "w2": "CONDITION_MET", "w3": "ALWAYS", "w4": "FAILURE", "w5": "SUCCESS"}
    asked = [
        {"what": "why", "given": {"way": {"id": id_, "source": "a", "target": "z", "on": on}, "events": events}}
        for id_, on in ways.items()
    ]  # fmt: skip
    verdicts = {
        id_: [one["verdict"] for one in found]
        for id_, found in zip(ways, node("telling.mjs", asked), strict=True)
    }
    assert verdicts == {
        "w1": ["false", "other outcome", "broken"],
        "w2": ["taken", "other outcome"],
        "w3": ["passed over", "other outcome"],
        "w4": ["other outcome", "taken"],
        "w5": ["passed over", "other outcome"],
    }
    first = node("telling.mjs", asked)[0][0]
    assert first["condition"] == {"when": "x > 1", "values": {"x": 1}, "wroteBy": {"x": 7}}
    assert first["taken"] == "w2"


def passage(*steps: tuple[str, str, Any], fork: str = "") -> list[Event]:
    """A run through (branch, node, output); a `fork` is entered first as activation 9."""
    number = count(1)
    events: list[Event] = [event("ROOM_STARTED", node_id=None, step=None)]
    if fork:
        events.append(event("NODE_ENTERED", node_id=fork, step=next(number), data={"activation": "9"}))
    for branch, name, output in steps:
        step = next(number)
        entered = {"activation": f"{branch}.{step}" if branch else str(step)}
        events += [
            event("NODE_ENTERED", node_id=name, step=step, branch=branch, data=entered),
            event("NODE_EXECUTED", node_id=name, step=step, branch=branch, data={"output": output}),
            event("TRANSITION", node_id=name, step=step, branch=branch, data={"transition": f"from_{name}", "target": "x"}),
        ]  # fmt: skip
    return run(*events)


def test_two_runs_part_where_the_first_step_did_something_else():
    here = passage(("", "a", 1), ("", "b", {"x": [1, 2]}), ("", "c", 3))
    there = passage(("", "a", 1), ("", "b", {"x": [1, 5], "y": 0}), ("", "d", 3))
    found = told("compare", {"here": here, "there": there})
    assert found["parting"] == {"what": "gave something else", "node_id": "b"}
    assert found["nodes"] == {"b": "differs", "c": "here", "d": "there"}
    assert found["ways"] == {"from_c": "here", "from_d": "there"}
    assert found["differences"] == [
        {"place": "output", "path": "x[1]", "here": 2, "there": 5},
        {"place": "output", "path": "y", "there": 0},
    ]


def test_a_retry_is_compared_from_the_step_on_with_which_it_began():
    first = passage(("", "a", 1), ("", "b", 2), ("", "a", 1), ("", "b", 3), ("", "c", 4))
    begun = {"at_step": {"node": "b", "vars": {}}}
    retried = passage(("", "b", 3), ("", "c", 5))
    retried[0] = {**retried[0], "data": begun}
    for here, there in ((first, retried), (retried, first)):
        found = told("compare", {"here": here, "there": there})
        assert found["parting"] == {"what": "gave something else", "node_id": "c"}
        assert (found["nodes"], found["ways"]) == ({"c": "differs"}, {})


def test_a_line_names_nodes_and_moments_as_people_do():
    names = {"b7": "Branch 7", "join": "Meet"}
    way = event("TRANSITION", node_id="b7", message="b7 → join on SUCCESS", data={"target": "join"})
    lost = event("WORKER_LOST", node_id="b7", message="The worker was lost during b7; it is repeated")
    until = "2026-01-01T00:00:00.000000Z"
    rest = event("WAIT_STARTED", node_id="b7", message=f"Waiting: until {until}", data={"until": until})
    plain = event("TOOL_INVOKED", node_id="b7", message="Calling the tool b7")
    trial = event(
        "ROOM_STARTED", node_id=None, message="Run #1 started, a trial: until b7", data={"until": "b7"}
    )
    events = (way, lost, rest, plain, trial)
    said = [told("message", {"event": one, "names": names}) for one in events]
    assert said[:2] == ["Branch 7 → Meet on SUCCESS", "The worker was lost during Branch 7; it is repeated"]
    assert said[2].startswith("Waiting: until ")
    assert "T00" not in said[2]
    assert said[3:] == ["Calling the tool b7", "Run #1 started, a trial: until b7"]


def test_the_order_in_which_branches_went_tells_no_runs_apart():
    one = passage(("9.0", "a", 1), ("9.1", "a", 2), ("9.0", "b", 3), fork="f")
    other = passage(("9.1", "a", 2), ("9.0", "a", 1), ("9.0", "b", 3), fork="f")
    assert told("compare", {"here": one, "there": other})["parting"] is None


def test_memory_at_a_moment_knows_kinds_and_ends():
    def sets(key: str, **about: Any) -> Event:
        return event("MEMORY_UPDATED", data={"key": key, "value": key, **about})

    end_us = 1_767_225_605_000_000  # five seconds into the run
    events = run(
        sets("plain"),
        sets("short", kind="SHORT_TERM"),
        sets("ending", expires_us=end_us, meta={"of": 1}),
        event("X"),
        event("X"),
        event("ROOM_COMPLETED", step=None),
    )
    before, after, over = (
        told("memory", {"now": [], "events": events, "seq": seq})["entries"] for seq in (4, 5, 6)
    )
    assert [(entry["key"], entry.get("kind")) for entry in before] == [
        ("ending", None), ("plain", None), ("short", "SHORT_TERM"),
    ]  # fmt: skip
    assert before[0]["metadata"] == {"of": 1}
    assert [entry["key"] for entry in after] == ["plain", "short"]
    assert [entry["key"] for entry in over] == ["plain"]
