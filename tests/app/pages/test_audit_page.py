"""The audit page's words for what can be written down, and its filters as they stand in the address."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core.errors import InvalidInput
from openrooms_app.pages.audit.state import ACTIONS, sought

ENGINE = Path(__file__).parents[3] / "engine"
ACTION = 3
"""Its place among the arguments of those who write it down."""


def written_down() -> Iterator[str]:
    """Every text that stands where an action does."""
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"audit.append", "_audit"}:
                texts = [
                    part.value
                    for part in ast.walk(node.args[ACTION])
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                is_passed_on = ast.unparse(node.args[ACTION]) == "action"
                yield from texts or ([] if is_passed_on else [f"{path.name}: {ast.unparse(node)}"])


def test_every_action_has_words() -> None:
    assert set(written_down()) == ACTIONS.keys()


def test_a_time_in_the_address_that_is_none_is_told() -> None:
    assert sought({"since": "1970-01-01T00:00:01Z", "user": "u", "q": "x"}).since_us == 1_000_000
    with pytest.raises(InvalidInput, match="'yesterday' is no RFC 3339 time"):
        sought({"until": "yesterday"})
