"""Draws small workflows for tests, and runs them on the transition function alone, with a made-up world."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import orjson

from engine.core.advance import Advanced, advance, can_go
from engine.core.discovery import discover
from engine.core.document import FORMAT, Document
from engine.core.fingerprint import link
from engine.core.inputs import (
    Abort,
    ClearTimers,
    Execute,
    Go,
    Input,
    Remember,
    Result,
    SetTimer,
    Started,
    TimerFired,
)
from engine.core.log import Stored, encoded, entry
from engine.core.plan import Plan, compile_plan
from engine.core.tokens import State

CATALOGUE = discover()
START_US = 1_700_000_000_000_000

World = Callable[[Execute], dict[str, Any]]
"""Answers a step: {outcome, output, error, …}; the fields of a Result."""


def node(id_: str, type_: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "type": type_, **fields}


def tool(id_: str, **fields: Any) -> dict[str, Any]:
    return node(
        id_, "TOOL_EXECUTION", config={"tool": "calculator", "arguments": {"expression": "1"}}, **fields
    )


def way(source: str, target: str, on: str = "ALWAYS", **fields: Any) -> dict[str, Any]:
    return {
        "id": f"{source}_{target}_{on}".lower()[:60],
        "source": source,
        "target": target,
        "on": on,
        **fields,
    }


def drawn(nodes: list[dict[str, Any]], transitions: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    return {"format": FORMAT, "name": "Drawn", "nodes": nodes, "transitions": transitions, **fields}


def line(*middle: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """START, the nodes given, END, in a row."""
    nodes = [node("start", "START"), *middle, node("end", "END", config=fields.pop("end", {}))]
    ways = [way(a["id"], b["id"]) for a, b in pairwise(nodes)]
    return drawn(nodes, ways, **fields)


def chain(*ids: str, on: str = "ALWAYS") -> list[dict[str, Any]]:
    """Ways through the nodes named, all of one kind."""
    return [way(a, b, on) for a, b in pairwise(ids)]


def forked(
    *branches: list[dict[str, Any]],
    fork: dict[str, Any] | None = None,
    join: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """START, the PARALLEL `fork` with a branch for each list of nodes, the PARALLEL `join`, END.

    Steps inside a branch lead on by SUCCESS, so that nothing takes their failures up.
    """
    nodes = [
        node("start", "START"),
        node("fork", "PARALLEL", config=fork or {}),
        node("join", "PARALLEL", config=join or {}),
        node("end", "END", config=fields.pop("end", {})),
    ]
    ways = [way("start", "fork"), way("join", "end")]
    for index, branch in enumerate(branches):
        row = ["fork", *(item["id"] for item in branch), "join"]
        nodes += branch
        ways.append(way(row[0], row[1], id=f"branch{index}"))
        ways += chain(*row[1:], on="SUCCESS")
    return drawn(nodes, ways, **fields)


def plan_of(document: dict[str, Any]) -> Plan:
    return compile_plan(Document.of(document), CATALOGUE)


def answers(command: Execute) -> dict[str, Any]:
    """A world in which every step succeeds with its own node's id."""
    return {"output": command.node}


BROKEN: dict[str, Any] = {"outcome": "FAILURE", "error": {"code": "broken", "message": "It broke."}}
LATE: dict[str, Any] = {"outcome": "TIMEOUT", "error": {"code": "timeout", "message": "It took too long."}}


def where(**by_node: dict[str, Any] | list[dict[str, Any]]) -> World:
    """A world that answers the nodes named so, try after try (the last answer stays), and others with their id."""
    left = {name: list(told) if isinstance(told, list) else [told] for name, told in by_node.items()}

    def answer(command: Execute) -> dict[str, Any]:
        told = left.get(command.node)
        if told is None:
            return answers(command)
        return told.pop(0) if len(told) > 1 else told[0]

    return answer


@dataclass
class Passage:
    """A run on the transition function alone. Each applied input keeps its facts.

    The state goes through JSON after each input, as it does between two workers, unless `is_stored` is off.
    """

    plan: Plan
    world: World = answers
    state: State = field(default_factory=State)
    at_us: int = START_US
    facts: list[dict[str, Any]] = field(default_factory=list)
    log: list[tuple[Input, int, Advanced]] = field(default_factory=list)
    executing: list[Execute] = field(default_factory=list)
    timers: dict[tuple[str, str], int] = field(default_factory=dict)
    remembered: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    """What is not plain about what the room remembers."""
    is_stored: bool = True

    def give(self, given: Input) -> Advanced:
        self.at_us += 1
        advanced = advance(self.plan, self.state, given, self.at_us)
        self.state = advanced.state
        if self.is_stored:
            self.state = State.of(orjson.loads(orjson.dumps(advanced.state.plain())))
        self.facts += advanced.facts
        self.log.append((given, self.at_us, advanced))
        for command in advanced.commands:
            self._obey(command)
        return advanced

    def begin(self, input_: Any = None, memory: dict[str, Any] | None = None, **fields: Any) -> "Passage":
        run = {"id": "run", "number": 1, "room_id": "room", "started_at": "2023-11-14T22:13:20.000000Z"}
        self.give(Started(run=run, input=input_ or {}, memory=memory or {}, **fields))
        return self

    def go(self, *, upto: int = 10_000) -> "Passage":
        """Move until nothing can: steps are answered by the world, first come first served."""
        for _ in range(upto):
            if can_go(self.state):
                self.give(Go())
            elif self.executing:
                self.answer(self.executing[0])
            else:
                return self
        raise AssertionError("the run does not come to rest")

    def move(self) -> "Passage":
        """Move until every token rests or is executed; nothing is answered."""
        while can_go(self.state):
            self.give(Go())
        return self

    def answer(self, command: Execute, **fields: Any) -> Advanced:
        self.executing.remove(command)
        result = fields or self.world(command)
        return self.give(Result(activation=command.activation, attempt=command.attempt, **result))

    def fire(self, timer: str, activation: str | None = None) -> Advanced:
        """Let the timer of that kind fire, at its time."""
        key = next(key for key in self.timers if key[1] == timer and activation in (None, key[0]))
        self.at_us = max(self.at_us, self.timers.pop(key))
        return self.give(TimerFired(activation=key[0], timer=key[1]))

    def types(self) -> list[str]:
        return [fact["t"] for fact in self.facts]

    def entered(self) -> list[str]:
        return [fact["n"] for fact in self.facts if fact["t"] == "NODE_ENTERED"]

    def told(self, type_: str) -> list[dict[str, Any]]:
        """The facts of one type."""
        return [fact for fact in self.facts if fact["t"] == type_]

    def step(self, node_id: str) -> Execute:
        """What is executed for that node now."""
        return next(command for command in self.executing if command.node == node_id)

    def rows(self) -> list[Stored]:
        """The log as a store keeps it, each entry in a row of its own."""
        rows: list[Stored] = []
        seq, head = 0, ""
        for given, at_us, advanced in self.log:
            if not advanced.facts:
                continue
            seq += len(advanced.facts)
            body = encoded([entry(given, advanced.facts, at_us)])
            head = link(head, body)
            rows.append(Stored(seq, body, head))
        return rows

    def events(self) -> list[dict[str, Any]]:
        """The log in its public shape."""
        return [event for row in self.rows() for event in row.events("run")]

    def _obey(self, command: Any) -> None:
        match command:
            case Execute():
                self.executing.append(command)
            case Abort(activation=activation):
                self.executing = [item for item in self.executing if item.activation != activation]
            case SetTimer():
                self.timers[(command.activation, command.timer)] = command.due_us
            case ClearTimers(activation=activation):
                self.timers = {
                    key: due
                    for key, due in self.timers.items()
                    if activation is not None and key[0] != activation
                }
            case Remember():
                self.remembered[command.key] = command.value
                self.about[command.key] = command.about or {}


def begun(document: dict[str, Any], input_: Any = None, *, world: World = answers, **fields: Any) -> Passage:
    """A run of the document to where its first steps are executed, unanswered."""
    return Passage(plan_of(document), world).begin(input_, **fields).move()


def ran(document: dict[str, Any], input_: Any = None, *, world: World = answers, **fields: Any) -> Passage:
    """A run of the document to where it rests."""
    return Passage(plan_of(document), world).begin(input_, **fields).go()
