"""The public shape of what was recorded: one form for every event, levels, and a line for people."""

from typing import Any

import pytest

from engine.core.events import LEVEL_NAMES, LEVELS, EventType, fact
from engine.core.inputs import Cancelled, Paused, Result, Resumed, Signalled, WorkerLost
from engine.core.log import Stored, encoded, entry
from tests.core.drawing import BROKEN, LATE, Passage, begun, drawn, forked, line, node, ran, tool, way, where

SHAPE = [
    "run_id",
    "seq",
    "type",
    "level",
    "at",
    "node_id",
    "step",
    "attempt",
    "branch",
    "message",
    "data",
    "error",
    "duration_ms",
]


def everything() -> list[Passage]:
    """Runs that tell of every type of event a run can have."""
    agent = node(
        "ask", "AGENT_TASK", name="Ask it", config={"provider": "openai", "model": "m", "prompt": "?"}
    )
    wait = node("wait", "WAIT", config={"signal": "go"}, remember={"by": "vars.wait"})
    work = tool("work", retry={"max_attempts": 3, "initial_delay_s": 0})
    failing = ran(
        forked([agent], [wait], [tool("off", disabled=True)], [work]),
        world=where(ask={"output": "hi", "usage": {"tokens": 12}}, work=[BROKEN, {"output": 1}]),
    )
    failing.give(Paused("ada"))
    failing.give(Resumed("ada"))
    failing.give(Signalled("go", {"ok": True}, "bob"))
    failing.go()
    broken = ran(line(agent, limits={"max_steps": 2}), world=where(ask=LATE))
    stopped = begun(forked([tool("a")], [tool("b")]))
    stopped.give(WorkerLost({command.activation: "at_most_once" for command in stopped.executing}))
    repeated = begun(forked([tool("a")], [tool("b")]))
    repeated.give(WorkerLost())
    repeated.give(Cancelled("ada"))
    trial = ran(line(tool("a"), tool("b")), pins={"a": 1}, until="b")
    return [failing, broken, stopped, repeated, trial]


def test_every_event_has_one_shape_and_a_sentence() -> None:
    seen = set()
    for passage in everything():
        for event in passage.events():
            seen.add(event["type"])
            assert list(event) == SHAPE
            assert event["run_id"] == "run"
            assert event["type"] in EventType.__members__
            assert event["level"] in LEVEL_NAMES
            assert event["at"].endswith("Z")
            assert event["message"]
            assert "None" not in event["message"]
            assert "{" not in event["message"]
            assert isinstance(event["data"], dict)

    of_rooms_and_services = {"ROOM_CREATED", "RUN_QUEUED"}
    assert seen == set(EventType) - of_rooms_and_services


def test_events_are_numbered_without_a_gap() -> None:
    for passage in everything():
        events = passage.events()
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_every_level_belongs_to_a_type_and_all_others_are_info() -> None:
    assert set(LEVELS) <= set(EventType)
    assert set(LEVELS.values()) <= set(LEVEL_NAMES)
    levels = {event["type"]: event["level"] for passage in everything() for event in passage.events()}
    assert levels["NODE_FAILED"] == levels["LIMIT_REACHED"] == levels["EFFECT_UNKNOWN"] == "ERROR"
    assert levels["WORKER_LOST"] == levels["NODE_TIMED_OUT"] == levels["NODE_RETRY_SCHEDULED"] == "WARNING"
    assert levels["NODE_ENTERED"] == levels["STATE_UPDATED"] == "DEBUG"
    assert levels["TRANSITION"] == levels["ROOM_COMPLETED"] == "INFO"


def test_where_and_when_an_event_happened() -> None:
    passage = ran(line(tool("work", name="Work")), world=where(work={"output": 7}))
    events = passage.events()

    started, executed = events[0], events[[event["type"] for event in events].index("TOOL_COMPLETED") + 1]
    assert [started[name] for name in ("node_id", "step", "attempt", "branch")] == [None] * 4
    assert executed["type"] == "NODE_EXECUTED"
    assert [executed[name] for name in ("node_id", "step", "attempt", "branch")] == ["work", 2, 1, ""]
    assert executed["data"] == {"output": 7}
    assert executed["duration_ms"] > 0


def test_a_step_is_told_from_its_entry_to_the_way_it_left() -> None:
    document = line(tool("work", save_as="x", remember={"m": "1"}))
    told = [
        (event["type"], {name: value for name, value in event["data"].items() if name != "fingerprint"})
        for event in ran(document).events()
        if event["node_id"] in ("work", "end", None)
    ]

    assert told[1:] == [
        ("NODE_ENTERED", {"name": "work", "type": "TOOL_EXECUTION", "activation": "2"}),
        ("TOOL_INVOKED", {"tool": "calculator", "arguments": {"expression": "1"}}),
        ("TOOL_COMPLETED", {"tool": "calculator"}),
        ("NODE_EXECUTED", {"output": "work"}),
        ("STATE_UPDATED", {"name": "x"}),
        ("MEMORY_UPDATED", {"key": "m", "value": 1}),
        ("NODE_EXITED", {"outcome": "SUCCESS"}),
        ("TRANSITION", {"transition": "work_end_always", "target": "end", "on": "ALWAYS"}),
        ("NODE_ENTERED", {"name": "end", "type": "END", "activation": "3"}),
        ("NODE_EXECUTED", {}),
        ("ROOM_COMPLETED", {"steps": 3, "output": None}),
    ]


def test_a_failed_step_is_told_with_its_outcome_when_it_is_left() -> None:
    for ended in (BROKEN, LATE):
        passage = ran(line(tool("work")), world=where(work=ended))

        assert {"outcome": ended["outcome"]} in [fact["d"] for fact in passage.told("NODE_EXITED")]


@pytest.mark.parametrize(("ended", "type_"), [(BROKEN, "NODE_FAILED"), (LATE, "NODE_TIMED_OUT")])
def test_a_failed_step_tells_how_long_it_took(ended: dict[str, Any], type_: str) -> None:
    passage = begun(line(tool("work")))
    passage.at_us += 1_500_000
    passage.answer(passage.executing[0], **ended)

    told = next(event for event in passage.events() if event["type"] == type_)
    assert 1500 <= told["duration_ms"] < 1501


def test_a_step_never_took_less_than_no_time_whatever_the_clocks_say() -> None:
    passage = begun(line(tool("work")))
    passage.at_us -= 60_000_000

    passage.answer(passage.executing[0], output=1)

    assert passage.events()[-4]["type"] == "NODE_EXECUTED"
    assert passage.events()[-4]["duration_ms"] == 0


def test_an_event_in_a_branch_names_it() -> None:
    branches = {event["branch"] for event in ran(forked([tool("a")], [tool("b")])).events()}

    assert branches == {None, "", "2.0", "2.1"}


def test_a_join_belongs_to_no_step() -> None:
    passage = ran(forked([tool("a", remember={"m": "1"})], [tool("b")]))

    told = [event for event in passage.events() if event["node_id"] == "join" and event["step"] is None]

    assert [event["type"] for event in told] == ["BRANCH_JOINED", "MEMORY_UPDATED"]


def test_the_output_of_a_step_is_stored_once_with_the_input_and_shown_in_its_event() -> None:
    passage = ran(line(tool("work")), world=where(work={"output": "x" * 1000}))
    row = next(row for row in passage.rows() if b'"result"' in row.body)

    assert row.body.count(b"x" * 1000) == 1
    shown = next(event for event in passage.events() if event["type"] == "NODE_EXECUTED" and event["data"])
    assert shown["data"] == {"output": "x" * 1000}


def messages(document: dict[str, Any], **results: Any) -> list[str]:
    return [event["message"] for event in ran(document, world=where(**results)).events()]


def test_a_run_reads_as_a_story() -> None:
    document = line(tool("sum", name="Add up"), end={"output": 1})
    told = messages(document, sum=BROKEN)

    assert "Run #1 started with version " in told[0]
    assert told[1:3] == ["Entered start", "start succeeded"]
    assert "Entered Add up" in told
    assert "Calling the tool calculator" in told
    assert "The tool calculator failed: It broke." in told
    assert "sum → end on ALWAYS" in told
    assert told[-1] == "Run completed after 3 steps"


def test_the_story_tells_of_forks_signals_and_people() -> None:
    told = [event["message"] for passage in everything() for event in passage.events()]

    for sentence in (
        "fork forked into 4 branches",
        "join joined 4 of 4 branches",
        "Paused by ada",
        "Resumed by ada",
        "Signal go received from bob",
        "Waiting: signal go",
        "off is disabled: skipped",
        "Asking openai m",
        "The agent answered (12 tokens)",
        "work will be tried again in 0.0 s (attempt 2)",
        "memory.by was set",
        "ask took too long: It took too long.",
        "a may or may not have taken effect; it is not repeated",
        "The worker was lost during a; it may have run twice",
        "Cancelled by ada",
        "A branch was cancelled at a: the run was cancelled",
    ):
        assert sentence in told


def test_a_message_is_one_short_line_whatever_it_tells() -> None:
    long = {"outcome": "FAILURE", "error": {"code": "x", "message": "{by} {0} {node.__class__} " * 100}}
    told = next(message for message in messages(line(tool("a")), a=long) if message.startswith("a failed: "))

    assert len(told) == 500
    assert told.startswith("a failed: {by} {0} {node.__class__} ")
    assert told.endswith("…")


def test_names_of_any_script_are_told_as_they_are() -> None:
    assert "Entered Übergröße 🎈 名" in messages(line(tool("a", name="Übergröße 🎈 名")))


def test_a_fact_keeps_only_what_there_is_to_tell() -> None:
    assert fact(EventType.NODE_ENTERED, n="a", s=None, d={}) == {"t": "NODE_ENTERED", "n": "a", "d": {}}


def test_a_row_of_several_facts_ends_with_its_number() -> None:
    told = [{"t": "NODE_ENTERED"}, {"t": "NODE_EXECUTED", "a": 3, "s": 2}]
    entries = [{"at": at_us, "in": {"k": "go"}, "ev": told} for at_us in (1_000_000, 2_000_000)]

    events = list(Stored(8, encoded(entries), "").events("r"))

    assert [(event["seq"], event["attempt"]) for event in events] == [(5, None), (6, 3), (7, None), (8, 3)]
    assert [event["at"][17:19] for event in events] == ["01", "01", "02", "02"]


def test_why_a_way_was_taken_is_in_the_public_event() -> None:
    nodes = [node("start", "START"), node("ask", "DECISION"), node("end", "END")]
    ways = [way("start", "ask"), way("ask", "end", "CONDITION_MET", when="input.n > 2"), way("ask", "ask")]
    events = ran(drawn(nodes, ways), {"n": 3}).events()

    taken = next(event for event in events if event["type"] == "TRANSITION" and event["node_id"] == "ask")

    assert taken["data"]["when"] == "input.n > 2"
    assert taken["data"]["values"] == {"input.n": 3}


@pytest.mark.parametrize("length", [20, 40])
def test_a_steps_history_stays_under_the_bytes_it_is_allowed(length: int) -> None:
    """engine.md 6: under 1.5 KB a step."""
    passage = ran(line(*(tool(f"t{index}") for index in range(length))))
    stored = sum(len(row.body) for row in passage.rows())

    assert stored / passage.state.steps < 1_500


def test_a_row_may_hold_two_inputs_as_one() -> None:
    told = [{"t": "NODE_EXECUTED", "n": "a", "o": 1}, {"t": "TRANSITION"}, {"t": "NODE_ENTERED", "n": "b"}]
    row = Stored(9, encoded([entry(Result("1", output=5), told, 1_000_000, own=2)]), "")

    kept = [(seq, one["in"], [fact["t"] for fact in one["ev"]]) for seq, one in row.entries()]
    assert kept == [
        (8, {"k": "result", "a": "1", "o": 5}, ["NODE_EXECUTED", "TRANSITION"]),
        (9, {"k": "go"}, ["NODE_ENTERED"]),
    ]
    events = list(row.events("r"))
    assert [(event["seq"], event["type"]) for event in events] == [
        (7, "NODE_EXECUTED"),
        (8, "TRANSITION"),
        (9, "NODE_ENTERED"),
    ]
    assert events[0]["data"] == {"output": 5}
    assert {event["at"] for event in events} == {"1970-01-01T00:00:01.000000Z"}
