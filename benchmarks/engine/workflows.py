"""The workloads as documents. Every step is x = x + 1, and the final x is the run's output."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from engine.core.document import FORMAT

Document = dict[str, Any]
LIMITS = {"max_steps": 1_000_000}


def chain(steps: int, tool: str = "bench_increment", **arguments: Any) -> Document:
    """`steps` distinct steps in a row."""
    nodes = [_step(f"s{n}", tool, "vars" if n else "input", arguments) for n in range(steps)]
    return _in_a_row(f"Chain of {steps} {tool}", nodes, _x(tool))


def loop(steps: int, tool: str = "bench_increment", **arguments: Any) -> Document:
    """`steps` steps of which all but the first are one node that leads back to itself."""
    first, again = _step("first", tool, "input", arguments), _step("again", tool, "vars", arguments)
    nodes = [_start(), first, again, _end(_x(tool))]
    ways = [
        _way("start", "first"),
        _way("first", "again", "SUCCESS"),
        _way("again", "again", "CONDITION_MET", when=f"{_bare(tool)} < {steps}"),
        _way("again", "end", "SUCCESS", priority=1),
    ]
    return _document(f"Loop of {steps} {tool}", nodes, ways)


def decisions(steps: int) -> Document:
    """`steps` DECISIONs in a row, each of which looks at the input."""
    names = [f"d{n}" for n in range(steps)]
    nodes = [_start(), *({"id": name, "type": "DECISION"} for name in names), _end("{{ input.x }}")]
    nodes.append({"id": "missed", "type": "END"})
    ways = [_way("start", names[0])]
    for here, there in pairwise([*names, "end"]):
        ways.append(_way(here, there, "CONDITION_MET", when="input.x >= 0"))
        ways.append(_way(here, "missed", priority=1))
    return _document(f"Chain of {steps} decisions", nodes, ways)


def forked(branches: int, depth: int, tool: str = "bench_increment") -> Document:
    """`branches` branches of `depth` steps, then a step that sums what they counted."""
    rows = [[_branch_step(b, d, tool) for d in range(depth)] for b in range(branches)]
    names = {f"x{b}": f"{{{{ vars.x{b} }}}}" for b in range(branches)}
    return _joined(f"Fork {branches} x {depth} {tool}", rows, " + ".join(names), names)


def asked(branches: int) -> Document:
    """`branches` branches that ask a model once each, then a step that counts the answers."""
    rows = [[{**_agent(f"b{b}"), "save_as": f"x{b}"}] for b in range(branches)]
    names = {f"x{b}": f"{{{{ size(vars.x{b}) }}}}" for b in range(branches)}
    return _joined(f"Ask {branches} at once", rows, " + ".join(names), names)


def clock() -> Document:
    """One effect that tells when it began."""
    node = {"id": "clock", "type": "TOOL_EXECUTION", "config": {"tool": "bench_clock", "arguments": {}}}
    return _in_a_row("Clock", [node], "{{ vars.clock }}")


def clock_and_two() -> Document:
    """Three effects, of which the first tells when it began."""
    clock = {"id": "clock", "type": "TOOL_EXECUTION", "config": {"tool": "bench_clock", "arguments": {}}}
    nodes = [clock, _step("s0", "bench_touch", "input", {}), _step("s1", "bench_touch", "vars", {})]
    return _in_a_row("Clock and two", nodes, "{{ vars.clock }}")


def ask() -> Document:
    """One question to a model."""
    return _in_a_row("Ask", [_agent("ask")], "{{ vars.ask }}")


def alarm() -> Document:
    """A WAIT until the time that the input names."""
    return _in_a_row("Alarm", [{"id": "wait", "type": "WAIT", "config": {"until": "input.due"}}], "rung")


def _in_a_row(name: str, middle: list[dict[str, Any]], output: str) -> Document:
    nodes = [_start(), *middle, _end(output)]
    ways = [_way(a["id"], b["id"], "ALWAYS" if a["id"] == "start" else "SUCCESS") for a, b in pairwise(nodes)]
    return _document(name, nodes, ways)


def _joined(name: str, rows: list[list[dict[str, Any]]], expression: str, names: dict[str, str]) -> Document:
    total = {"tool": "calculator", "arguments": {"expression": expression, "names": names}}
    ends = [
        {"id": "fork", "type": "PARALLEL"},
        {"id": "join", "type": "PARALLEL"},
        {"id": "total", "type": "TOOL_EXECUTION", "config": total},
    ]
    ways = [_way("start", "fork"), _way("join", "total"), _way("total", "end", "SUCCESS")]
    for row in rows:
        ids = [node["id"] for node in row]
        ways.append(_way("fork", ids[0]))
        ways += [_way(here, there, "SUCCESS") for here, there in pairwise([*ids, "join"])]
    nodes = [_start(), *ends, *(node for row in rows for node in row), _end("{{ vars.total.number }}")]
    return _document(name, nodes, ways)


def _step(id_: str, tool: str, source: str, arguments: dict[str, Any]) -> dict[str, Any]:
    x = "{{ input.x }}" if source == "input" else _x(tool)
    given = {"expression": "x + 1", "names": {"x": x}} if tool == "calculator" else {"x": x, **arguments}
    config = {"tool": tool, "arguments": given}
    return {"id": id_, "type": "TOOL_EXECUTION", "save_as": "x", "config": config}


def _branch_step(branch: int, depth: int, tool: str) -> dict[str, Any]:
    x = f"{{{{ vars.x{branch} }}}}" if depth else "{{ input.x }}"
    config = {"tool": tool, "arguments": {"x": x}}
    return {"id": f"b{branch}_{depth}", "type": "TOOL_EXECUTION", "save_as": f"x{branch}", "config": config}


def _agent(id_: str) -> dict[str, Any]:
    return {
        "id": id_,
        "type": "AGENT_TASK",
        "config": {"provider": "openai", "model": "bench", "prompt": "Say x."},
    }


def _bare(tool: str) -> str:
    return "vars.x.number" if tool == "calculator" else "vars.x"


def _x(tool: str) -> str:
    return "{{ " + _bare(tool) + " }}"


def _start() -> dict[str, Any]:
    return {"id": "start", "type": "START"}


def _end(output: str) -> dict[str, Any]:
    return {"id": "end", "type": "END", "config": {"output": output}}


def _way(source: str, target: str, on: str = "ALWAYS", **fields: Any) -> dict[str, Any]:
    return {"id": f"{source}_{target}", "source": source, "target": target, "on": on, **fields}


def _document(name: str, nodes: list[dict[str, Any]], ways: list[dict[str, Any]]) -> Document:
    return {"format": FORMAT, "name": name, "limits": LIMITS, "nodes": nodes, "transitions": ways}
