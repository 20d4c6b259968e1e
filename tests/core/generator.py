"""Makes up sound workflows by chance: sequences, choices, counted loops, nested forks, waits, retries. Each one ends.

The same seed and size give the same document, so that a failure is told by two numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

from engine.core.document import FORMAT

Exit = tuple[str, dict[str, Any]]
"""A way out of a node that leads nowhere yet: its source and what opens it."""

ON_SUCCESS = {"on": "SUCCESS"}
ON_ALWAYS = {"on": "ALWAYS"}
DEEPEST = 3
"""Forks inside one another; the format allows more, a test needs no more."""

CONDITIONS = (
    "input.n > 2",
    "input.flag",
    "outcome == 'SUCCESS'",
    "error != null",
    "run.step % 2 == 0",
    "has(memory.room) && memory.room > 1",
)
UNTIL = ("'2001-01-01T00:00:00Z'", "'2031-01-01T00:00:00+02:00'", "input.moment")
DURATIONS_S = (0, 0.5, 3600)


@dataclass(frozen=True)
class Made:
    """How a workflow was made up; shown when a property fails."""

    seed: int
    size: int
    is_commuting: bool = False

    @property
    def document(self) -> dict[str, Any]:
        return sound_workflow(Random(self.seed), self.size, is_commuting=self.is_commuting)


def made_up(*, is_commuting: bool = False, largest: int = 24) -> st.SearchStrategy[Made]:
    """Workflows of up to about `largest` nodes; small ones are tried first when something fails."""
    return st.builds(Made, st.integers(0, 2**32 - 1), st.integers(1, largest), st.just(is_commuting))


def an_input(random: Random) -> dict[str, Any]:
    """An input that fits every made-up workflow."""
    moment = random.choice(["2001-01-01T00:00:00Z", "2031-01-01T00:00:00Z"])
    return {"n": random.randint(0, 5), "flag": random.random() < 0.5, "moment": moment}


def sound_workflow(random: Random, size: int, *, is_commuting: bool = False) -> dict[str, Any]:
    """A document with about `size` nodes.

    With `is_commuting` no join depends on who comes first: it waits for all, and failed branches stop no others.
    """
    growing = _Growing(random, size, is_commuting)
    ends = growing.row([(growing.add("START", "start"), ON_ALWAYS)], depth=0)
    output = {
        "vars": "{{ vars }}",
        "memory": "{{ memory }}",
        "step": "{{ run.step }}",
        "text": "{{ outcome }}!",
    }
    growing.tie(ends, growing.add("END", "end", config={"output": output}))
    return {"format": FORMAT, "name": "Made up", "nodes": growing.nodes, "transitions": growing.ways}


@dataclass
class _Growing:
    """A drawing that grows from its loose exits, until `left` nodes are used up."""

    random: Random
    left: int
    is_commuting: bool
    nodes: list[dict[str, Any]] = field(default_factory=list)
    ways: list[dict[str, Any]] = field(default_factory=list)

    def add(self, type_: str, prefix: str, **fields: Any) -> str:
        id_ = f"{prefix}{len(self.nodes)}"
        self.nodes.append({"id": id_, "type": type_, **fields})
        self.left -= 1
        return id_

    def tie(self, exits: list[Exit], target: str) -> None:
        for source, fields in exits:
            self.ways.append({"id": f"w{len(self.ways)}", "source": source, "target": target, **fields})

    def row(self, exits: list[Exit], depth: int) -> list[Exit]:
        """Some pieces after one another, perhaps none."""
        pieces: list[Callable[[list[Exit], int], list[Exit]]] = [
            self.step,
            self.step,
            self.step,
            self.wait,
            self.choice,
            self.loop,
            self.early_end,
        ]
        if depth < DEEPEST:
            pieces += [self.forks, self.forks]
        while self.left > 0 and self.random.random() < 0.8:
            exits = self.random.choice(pieces)(exits, depth)
        return exits

    def step(self, exits: list[Exit], _: int, **fields: Any) -> list[Exit]:
        """A tool or an agent, with one of the ways to take its outcomes up."""
        random = self.random
        said = random.choice(["1", "{{ run.step }}", "{{ outcome }}", "{{ input.n }} {{ error == null }}"])
        config: dict[str, Any] = {"tool": "calculator", "arguments": {"expression": said}}
        if random.random() < 0.3:
            config = {"provider": "scripted", "model": "", "prompt": said}
        if random.random() < 0.4:
            rest = random.choice([0, 1, 40])
            fields["retry"] = {"max_attempts": random.randint(2, 4), "initial_delay_s": rest}
        if random.random() < 0.1:
            fields["disabled"] = True
        name = fields.get("save_as") or f"v{len(self.nodes)}"
        if random.random() < 0.5:
            fields["save_as"] = name
            if random.random() < 0.5:
                fields["remember"] = {f"m_{name}": f"[vars.{name}, run.step]"}
        kind = "AGENT_TASK" if "prompt" in config else "TOOL_EXECUTION"
        node = self.add(kind, "t", config=config, timeout_s=5, **fields)
        self.tie(exits, node)
        return self._outcomes(node)

    def _outcomes(self, node: str) -> list[Exit]:
        shape = self.random.choice(["all", "success", "caught", "mended"])
        if shape == "all":
            return [(node, ON_ALWAYS)]
        if shape == "success":
            return [(node, ON_SUCCESS)]
        failure: Exit = (node, {"on": "FAILURE"})
        if shape == "caught":
            return [(node, ON_SUCCESS), (node, {"on": "TIMEOUT"}), failure]
        config = {
            "tool": "calculator",
            "arguments": {"expression": "{{ error.code }} at {{ error.node_id }}"},
        }
        mender = self.add("TOOL_EXECUTION", "mend", config=config)
        self.tie([failure], mender)
        return [(node, ON_SUCCESS), (mender, ON_ALWAYS)]

    def wait(self, exits: list[Exit], _: int, **fields: Any) -> list[Exit]:
        random, number = self.random, len(self.nodes)
        shape = random.choice(["duration", "until", "signal", "timeout"])
        if shape == "duration":
            config: dict[str, Any] = {"duration_s": random.choice(DURATIONS_S)}
        elif shape == "until":
            config = {"until": random.choice(UNTIL)}
        else:
            config = {"signal": f"s{number}", "message": "Step {{ run.step }}?"}
        if shape == "timeout":
            fields["timeout_s"] = 60
        node = self.add("WAIT", "w", config=config, **fields)
        self.tie(exits, node)
        if shape == "timeout" and random.random() < 0.5:
            return [(node, ON_SUCCESS), (node, {"on": "TIMEOUT"})]
        return [(node, ON_ALWAYS)]

    def choice(self, exits: list[Exit], depth: int) -> list[Exit]:
        node = self.add("DECISION", "d")
        self.tie(exits, node)
        found = self.row([(node, ON_ALWAYS)], depth)
        for priority in range(self.random.randint(1, 3)):
            when = self.random.choice(CONDITIONS)
            found += self.row([(node, {"on": "CONDITION_MET", "when": when, "priority": priority})], depth)
        return found

    def early_end(self, exits: list[Exit], depth: int) -> list[Exit]:
        if depth > 0:
            return exits
        node = self.add("DECISION", "d")
        self.tie(exits, node)
        when = self.random.choice(CONDITIONS)
        self.tie([(node, {"on": "CONDITION_MET", "when": when})], self.add("END", "early"))
        return [(node, ON_ALWAYS)]

    def loop(self, exits: list[Exit], depth: int) -> list[Exit]:
        """A few rounds, counted in the room's memory by a step that can't go on without counting."""
        key = f"c{len(self.nodes)}"
        count = {key: f"has(memory.{key}) ? memory.{key} + 1 : 1"}
        if self.random.random() < 0.5:
            head = self.add(
                "WAIT", "w", config={"duration_s": self.random.choice(DURATIONS_S)}, remember=count
            )
        else:
            config = {"tool": "calculator", "arguments": {"expression": "1"}}
            head = self.add("TOOL_EXECUTION", "t", config=config, remember=count)
        self.tie(exits, head)
        body = self.row([(head, ON_SUCCESS)], depth)
        node = self.add("DECISION", "more")
        self.tie(body, node)
        when = f"memory.{key} % {self.random.randint(2, 3)} != 0"
        self.tie([(node, {"on": "CONDITION_MET", "when": when})], head)
        return [(node, ON_ALWAYS)]

    def forks(self, exits: list[Exit], depth: int) -> list[Exit]:
        """A fork and its join, which may be the next fork at once."""
        fork = self.add("PARALLEL", "p")
        self.tie(exits, fork)
        found: list[Exit] = []
        for _ in range(self.random.choice([1, 1, 1, 2])):
            fork = self._branches(fork, depth)
            if self.random.random() < 0.4:
                found += self.row([(fork, {"on": "FAILURE"})], depth)
        return [(fork, ON_ALWAYS), *found]

    def _branches(self, fork: str, depth: int) -> str:
        """Branches of `fork`; their join."""
        random = self.random
        width = random.randint(2, 4)
        merge = random.choice([None, "last", "list"])
        shared = f"x{len(self.nodes)}"
        ends: list[Exit] = []
        for _ in range(width):
            exits: list[Exit] = [(fork, ON_ALWAYS)]
            if merge and random.random() < 0.6:
                exits = self.step(exits, depth, save_as=shared)
            exits = self.row(exits, depth + 1)
            if exits == [(fork, ON_ALWAYS)] and (fork, ON_ALWAYS) in ends:
                exits = self.step(exits, depth)  # one empty branch is enough
            ends += exits
        join = self.add("PARALLEL", "p")
        self.tie(ends, join)
        self._set(
            fork,
            "on_branch_failure",
            "continue" if self.is_commuting else random.choice(["fail", "continue"]),
        )
        if merge:
            self._set(fork, "merge", merge)
        if not self.is_commuting:
            self._set(join, "wait_for", random.choice(["all", "all", "any", random.randint(1, width)]))
        return join

    def _set(self, node_id: str, name: str, value: Any) -> None:
        node = next(item for item in self.nodes if item["id"] == node_id)
        node.setdefault("config", {})[name] = value
