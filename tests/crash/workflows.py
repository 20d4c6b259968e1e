"""Documents whose runs a crash can hurt: effects of each kind, waits, signals, retries, forks, loops, memory."""

from typing import Any

from tests.core.drawing import drawn, forked, line, node, tool, way
from tests.crash import ledger


def effect(id_: str, kind: str = "external", **fields: Any) -> dict[str, Any]:
    """A step that writes a line to the ledger; fields of the tool's `Params` go to the tool."""
    arguments = {name: fields.pop(name) for name in ledger.Params.model_fields if name in fields}
    config = {"tool": f"ledger_{kind}", "arguments": arguments}
    return node(id_, "TOOL_EXECUTION", config=config, **fields)


def one_effect(kind: str = "external", **fields: Any) -> dict[str, Any]:
    """Pure, effect, pure."""
    return line(tool("before"), effect("act", kind, **fields), tool("after"))


def with_waits() -> dict[str, Any]:
    visits = tool("count", remember={"visits": "has(memory.visits) ? memory.visits + 1 : 1"})
    rest = node("rest", "WAIT", config={"duration_s": 0.15})
    return line(
        effect("one", after_ms=10), visits, rest, effect("two", "idempotent", before_ms=5), tool("sum")
    )


def with_signal() -> dict[str, Any]:
    ask = node("ask", "WAIT", config={"signal": "go"})
    return line(effect("one", before_ms=5), ask, effect("two", after_ms=5), end={"output": "{{ vars.ask }}"})


def with_retries() -> dict[str, Any]:
    retry = {"max_attempts": 4, "initial_delay_s": 0.05, "multiplier": 1, "max_delay_s": 1}
    return line(effect("flaky", fails=2, after_ms=5, retry=retry), tool("after"))


def with_quick_effects() -> dict[str, Any]:
    """Executed by the driver's own thread."""
    return line(effect("one", "at_once"), tool("between"), effect("two", "at_once"), effect("three"))


def with_fork() -> dict[str, Any]:
    rest = node("rest", "WAIT", config={"duration_s": 0.1})
    branches = [
        [effect("left", after_ms=20), tool("left2", remember={"left": "1"})],
        [rest, effect("middle", "idempotent", before_ms=5)],
        [tool("right1"), tool("right2"), effect("right", before_ms=10)],
    ]
    return forked(*branches)


def with_once() -> dict[str, Any]:
    """At most once; after a crash in the window its FAILURE way is taken."""
    nodes = [
        node("start", "START"),
        effect("before", after_ms=2),
        effect("once", "once", before_ms=5, after_ms=15),
        effect("fine"),
        effect("unknown", "idempotent"),
        node("end", "END"),
    ]
    ways = [
        way("start", "before"),
        way("before", "once"),
        way("once", "fine", "SUCCESS"),
        way("once", "unknown", "FAILURE"),
        way("fine", "end"),
        way("unknown", "end"),
    ]
    return drawn(nodes, ways)


def with_loop(rounds: int = 40) -> dict[str, Any]:
    """Pure rounds, then an effect: what is not committed is computed again."""
    count = node(
        "count",
        "TOOL_EXECUTION",
        config={"tool": "calculator", "arguments": {"expression": "1"}},
        remember={"rounds": "has(memory.rounds) ? memory.rounds + 1 : 1"},
    )
    nodes = [node("start", "START"), count, node("decide", "DECISION"), effect("act"), node("end", "END")]
    ways = [
        way("start", "count"),
        way("count", "decide"),
        way("decide", "count", "CONDITION_MET", when=f"memory.rounds < {rounds}"),
        way("decide", "act"),
        way("act", "end"),
    ]
    return drawn(nodes, ways)


ALL = {
    "waits": with_waits,
    "signal": with_signal,
    "retries": with_retries,
    "quick_effects": with_quick_effects,
    "fork": with_fork,
    "once": with_once,
    "loop": with_loop,
}
