"""How long it takes to find the problems of a workflow of 5,000 nodes; prints one JSON line."""

import json
import statistics
import sys
import time
from typing import Any

import orjson

from engine.core.discovery import discover
from engine.core.document import FORMAT
from engine.core.parsing import parse_json
from engine.core.validation import find_problems

NODES_A_BLOCK = 10


def block(number: int, nodes: list[dict[str, Any]], transitions: list[dict[str, Any]]) -> None:
    """A loop round a fork with two branches, with expressions of its own in each block."""
    n = f"b{number}_"
    here, after = (
        [f"{n}{name}" for name in ("agent", "fork", "left", "right", "join", "again", "wait", "note")],
        "",
    )
    agent, fork, left, right, join, again, wait, note = here
    after = f"b{number + 1}_agent"

    def tool(node_id: str, expression: str, **names: str) -> dict[str, Any]:
        config = {"tool": "calculator", "arguments": {"expression": expression, "names": names}}
        return {"id": node_id, "type": "TOOL_EXECUTION", "config": config}

    prompt = f"Step {number}: {{{{ input.text }}}}"
    nodes += [
        {"id": agent, "type": "AGENT_TASK", "config": {"provider": "scripted", "prompt": prompt}},
        {"id": fork, "type": "PARALLEL"},
        tool(left, f"{number} + x", x="{{ size(vars." + agent + ") }}"),
        tool(right, "x * 2", x="{{ size(vars." + agent + ") }}"),
        {"id": f"{right}_2", "type": "WAIT", "config": {"duration_s": 1}},
        {"id": join, "type": "PARALLEL"},
        {"id": again, "type": "DECISION"},
        {"id": wait, "type": "WAIT", "config": {"signal": "go"}, "timeout_s": 5},
        tool(note, "a + b", a="{{ vars." + left + ".number }}", b="{{ vars." + right + ".number }}"),
        {"id": f"{note}_2", "type": "WAIT", "config": {"until": f"vars.{agent}"}},
    ]
    ways = [
        (agent, fork, "SUCCESS"),
        (agent, "failed", "FAILURE"),
        (fork, left, "ALWAYS"),
        (fork, right, "ALWAYS"),
        (left, join, "SUCCESS"),
        (right, f"{right}_2", "SUCCESS"),
        (f"{right}_2", join, "SUCCESS"),
        (join, again, "ALWAYS"),
        (join, "failed", "FAILURE"),
        (again, wait, f"vars.{left}.number > vars.{right}.number + {number}"),
        (again, note, "ALWAYS"),
        (wait, agent, "SUCCESS"),
        (wait, "failed", "TIMEOUT"),
        (wait, "failed", "FAILURE"),
        (note, f"{note}_2", "SUCCESS"),
        (note, "failed", "FAILURE"),
        (f"{note}_2", after, "SUCCESS"),
        (f"{note}_2", "failed", "FAILURE"),
    ]
    for source, target, on in ways:
        trigger = {"on": on} if on.isupper() else {"on": "CONDITION_MET", "when": on}
        transitions.append({"id": f"t{len(transitions)}", "source": source, "target": target, **trigger})


def workflow(size: int) -> dict[str, Any]:
    """A sound workflow of about `size` nodes."""
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "START"}, {"id": "failed", "type": "END"}]
    transitions = [{"id": "first", "source": "start", "target": "b0_agent", "on": "ALWAYS"}]
    count = (size - 3) // NODES_A_BLOCK
    for number in range(count):
        block(number, nodes, transitions)
    nodes.append({"id": f"b{count}_agent", "type": "END"})
    return {"format": FORMAT, "name": "large", "nodes": nodes, "transitions": transitions}


def main(size: int = 5_000, rounds: int = 7) -> None:
    raw = orjson.dumps(workflow(size))
    catalogue = discover()
    parse, find, cpu = [], [], []
    for _ in range(rounds):
        began = time.perf_counter()
        data = parse_json(raw)
        parsed = time.perf_counter()
        cpu_began = time.process_time()
        problems = find_problems(data, catalogue)
        cpu.append(time.process_time() - cpu_began)
        parse.append(parsed - began)
        find.append(time.perf_counter() - parsed)
    result = {
        "benchmark": "validate",
        "nodes": len(data["nodes"]),  # type: ignore[call-overload, index, arg-type]
        "transitions": len(data["transitions"]),  # type: ignore[call-overload, index, arg-type]
        "bytes": len(raw),
        "problems": len(problems),
        "parse_ms": round(statistics.median(parse) * 1000, 1),
        "find_problems_ms": round(statistics.median(find) * 1000, 1),
        "find_problems_cpu_ms": round(min(cpu) * 1000, 1),
        "find_problems_worst_ms": round(max(find) * 1000, 1),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
