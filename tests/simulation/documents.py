"""Made-up workflows as the simulation runs them: with effects of each kind, and no rest longer than some seconds."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from tests.core import drawing
from tests.core.generator import sound_workflow

NEAR = "2030-12-31T22:00:08Z"
PAST = "2001-01-01T00:00:00Z"
KINDS = ("ledger_external", "ledger_idempotent", "ledger_at_once", "ledger_once")
SHORTER = {3600: 4, 60: 3, 40: 2}


def made_up(random: Random, size: int, *, is_commuting: bool = False) -> dict[str, Any]:
    """With `is_commuting` the outcome depends neither on the order of things nor on a crash."""
    document = sound_workflow(random, size, is_commuting=is_commuting)
    kinds = KINDS[:3] if is_commuting else KINDS
    for node in document["nodes"]:
        _adapt(random, node, kinds)
    return document


def with_agent(*approval: str, tools: tuple[str, ...] = KINDS[:2]) -> dict[str, Any]:
    """An agent that calls these tools and the calculator, one a turn; of those in `approval` people approve each call."""
    calls = [{"tool": name, "arguments": {}} for name in tools]
    rules = [
        *calls,
        {"tool": "calculator", "arguments": {"expression": "6*7"}},
        {"reply": "It is {tool.number}."},
    ]
    config = {
        "provider": "scripted",
        "system": f"```json\n{json.dumps(rules)}\n```",
        "prompt": "Go",
        "tools": [*tools, "calculator"],
        "policy": {"approval": list(approval)},
    }
    retry = {"max_attempts": 3, "initial_delay_s": 0.5}
    ask = drawing.node("ask", "AGENT_TASK", config=config, retry=retry)
    return drawing.line(drawing.tool("before"), ask, drawing.tool("after"))


def an_input(random: Random) -> dict[str, Any]:
    moment = random.choice([PAST, NEAR])
    return {"n": random.randint(0, 5), "flag": random.random() < 0.5, "moment": moment}


def _adapt(random: Random, node: dict[str, Any], kinds: tuple[str, ...]) -> None:
    config = node.get("config", {})
    if config.get("tool") == "calculator" and random.random() < 0.6:
        node["config"] = {"tool": random.choice(kinds), "arguments": {}}
    if "duration_s" in config:
        config["duration_s"] = SHORTER.get(config["duration_s"], config["duration_s"])
    if "timeout_s" in node and node["type"] == "WAIT":
        node["timeout_s"] = SHORTER.get(node["timeout_s"], node["timeout_s"])
    if "retry" in node:
        rest = node["retry"]["initial_delay_s"]
        node["retry"]["initial_delay_s"] = SHORTER.get(rest, rest)


def signals(document: dict[str, Any], *, also_timed: bool = True) -> list[str]:
    """What its WAITs wait for; without those whose time may run out if not `also_timed`."""
    return [
        node["config"]["signal"]
        for node in document["nodes"]
        if node.get("config", {}).get("signal") and (also_timed or "timeout_s" not in node)
    ]
