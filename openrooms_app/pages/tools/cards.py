"""Tools as the page shows them: in words, with tables for what they take and give, and forms filled with examples."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from engine.core.errors import NotFound
from engine.services.tools import ToolView
from openrooms_app.pages.tools.form import as_text, fields_of

EFFECTS: Final = {
    "none": "No effect",
    "idempotent": "Repeating is harmless",
    "external": "Changes the world",
    "at_most_once": "Never repeated",
}
BUILT_IN: Final = "openrooms"
KINDS: Final = {"mcp": "MCP server", "file": "File"}


def card(tool: ToolView) -> dict[str, Any]:
    fields = fields_of(tool.parameters)
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "category": tool.category,
        "origin": origin_text(tool.origin),
        "effect": EFFECTS.get(tool.effect.value, tool.effect.value),
        "timeout_ms": tool.timeout_s * 1000,
        "rate": _rate(tool),
        "needs_room": tool.category == "memory",
        "fields": fields,
        "gives": [] if tool.returns is None else fields_of(tool.returns),
        "returns": "" if tool.returns is None else _pretty(tool.returns),
        "examples": [_example(tool, number) for number in range(len(tool.examples))],
        "filled": "",
    }


def filled(tool: ToolView, example: int) -> dict[str, Any]:
    """The card, its form holding the arguments of an example; -1 for the defaults.

    Raises:
        NotFound: it has no such example.
    """
    told = card(tool)
    if example == -1:
        return told
    if not isinstance(example, int) or not 0 <= example < len(tool.examples):
        raise NotFound("example", f"{tool.name}/{str(example)[:20]}")
    arguments = tool.examples[example].get("arguments", {})
    fields = [
        {**field, "default": as_text(arguments[field["name"]], field["kind"])}
        if field["name"] in arguments
        else field
        for field in told["fields"]
    ]
    return {**told, "fields": fields, "filled": str(example)}


def found(tools: Sequence[ToolView], text: str, origin: str) -> list[ToolView]:
    """Those of that origin in which all words of the text stand."""
    words = text.lower().split()
    return [
        tool
        for tool in tools
        if origin in {"", tool.origin}
        and all(
            word in f"{tool.name} {tool.title} {tool.description} {tool.category}".lower() for word in words
        )
    ]


def origins(tools: Sequence[ToolView]) -> list[dict[str, str]]:
    return [{"value": name, "text": origin_text(name)} for name in sorted({tool.origin for tool in tools})]


def origin_text(origin: str) -> str:
    if origin == BUILT_IN:
        return "Built in"
    kind, _, name = origin.partition(" ")
    return f"{KINDS[kind]} {name}" if kind in KINDS and name else f"Package {origin}"


def _rate(tool: ToolView) -> str:
    if tool.rate is None:
        return ""
    times = f"{tool.rate.times} call{'s' * (tool.rate.times != 1)}"
    return f"{times} in {tool.rate.per_s} s, {'each room' if tool.rate.per == 'room' else 'all together'}"


def _example(tool: ToolView, number: int) -> dict[str, Any]:
    example = tool.examples[number]
    title = str(example.get("title") or f"example {number + 1}")
    return {
        "number": number,
        "title": title[:1].upper() + title[1:],
        "arguments": _pretty(example.get("arguments", {})),
        "result": _pretty(example["result"]) if "result" in example else "",
    }


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
