"""How deep JSON may be nested when it comes into a run: deeper than any sane data, far from what a parser bears."""

from typing import Any

import orjson

MOST = 64
"""Levels; what is stored wraps a value in a few more, and orjson refuses 254."""


def is_too_deep(raw: bytes) -> bool:
    """Whether the JSON in `raw` has more than `MOST` levels."""
    if raw.count(b"[") + raw.count(b"{") <= MOST:
        return False
    level: list[Any] = [orjson.loads(raw)]
    for _ in range(MOST + 1):
        level = [
            inner
            for value in level
            if isinstance(value, list | dict)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True
