"""Text from outside to plain JSON values: strict, bounded before it is parsed, every refusal with its place."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic import JsonValue

from engine.core.source_text import MalformedJson, TooLarge, position, text_of
from engine.core.validation.faults import pointer
from engine.core.validation.reading import INT_RANGE, MAX_BYTES, MAX_DEPTH, read_document, text_fault
from engine.core.yaml_text import parse_yaml

__all__ = ["MalformedJson", "TooLarge", "parse_json", "parse_yaml", "read_document"]


def parse_json(source: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> JsonValue:
    """The value in `source`, which is UTF-8.

    Raises:
        MalformedJson: no JSON, or JSON that says two things: a key twice, NaN, control characters, half
            characters, whole numbers beyond 64 bits.
        TooLarge: more bytes or levels than allowed.
    """
    text = text_of(source, max_bytes, "JSON")
    _check_depth(text, max_depth)
    if any(sign.search(text) for sign in _SUSPECTS):
        _inspect(text)
    try:
        value: JsonValue = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedJson(_lowered(error.msg), error.lineno, error.colno) from None
    except _Suspicious:
        _inspect(text)
        raise MalformedJson("a key stands twice in one object, or NaN or Infinity in a value") from None
    return value


_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
_BRACKET = re.compile(_STRING + r"|[\[{]|[\]}]", re.DOTALL)
_PART = re.compile(_STRING + r'|[{}\[\]:]|[^"{}\[\]:]++', re.DOTALL)
_NUMBER = r"(?<![0-9.eE+-])-?[0-9]{19,}+(?![0-9.eE])|-?[0-9][0-9.]*+[eE]\+?[0-9]{3,}+"
_BAD_SCALAR = re.compile(_NUMBER + r"|-?Infinity|NaN")
_SUSPECTS = [
    re.compile(sign)
    for sign in (r"\\[ubf]", r"[\x7f-\x9f\ud800-\udfff]", r"[0-9]{19}", r"[0-9][eE]\+?[0-9]{3}")
]
"""What is worth a closer look; `_inspect` decides. What these leave out the decoder finds itself."""


class _Suspicious(Exception):
    """The decoder met something that `_inspect` can give a place to."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Suspicious
    return value


def _constant(_: str) -> NoReturn:
    raise _Suspicious


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)


def _check_depth(text: str, max_depth: int) -> None:
    """Before the decoder, which would go as deep as it is led."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    for found in _BRACKET.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth > max_depth:
                line, column = position(text, found.start())
                raise TooLarge(
                    f"This JSON is nested more than {max_depth} levels deep (line {line}, column {column}); "
                    f"{max_depth} are allowed."
                )
        elif found[0] in "]}":
            depth -= 1


@dataclass(slots=True)
class _Frame:
    """An object or list that is open while its text is read: where we are in it."""

    keys: set[str] | None
    key: str | None = None
    index: int = 0

    @property
    def step(self) -> str | int | None:
        return self.index if self.keys is None else self.key


def _inspect(text: str) -> None:
    """Walk over the text to give a place to what is refused; leaves what is no JSON to the decoder.

    Raises:
        MalformedJson: the first fault, with line, column and pointer.
    """
    stack: list[_Frame] = []
    for found in _PART.finditer(text):
        part = found[0]
        if part in "[{":
            stack.append(_Frame(keys=set() if part == "{" else None))
        elif part in "]}":
            stack = stack[:-1]
        elif part != ":":
            top = stack[-1] if stack else _Frame(None)
            fault, at = _string_fault(top, part) if part[0] == '"' else _plain_fault(top, part)
            if fault:
                where = tuple(step for frame in stack if (step := frame.step) is not None)
                raise MalformedJson(fault, *position(text, found.start() + at), pointer(where))


def _string_fault(top: _Frame, part: str) -> tuple[str | None, int]:
    is_key = top.keys is not None and top.key is None
    if not is_key and part.isascii() and "\\" not in part:
        return None, 0
    try:
        value = json.loads(part)
    except json.JSONDecodeError:
        return None, 0
    if top.keys is not None and is_key:
        top.key = value.encode(errors="replace").decode()  # half of a character could not be told
        if value in top.keys:
            return f"the key {part[:80]} stands twice in one object", 0
        top.keys.add(value)
    return text_fault(value), 0


def _plain_fault(top: _Frame, part: str) -> tuple[str | None, int]:
    """Of a stretch without texts and brackets: numbers, words, commas."""
    for found in _BAD_SCALAR.finditer(part):
        fault = _number_fault(found[0])
        if fault:
            top.index += part.count(",", 0, found.start())
            return fault, found.start()
    commas = part.count(",")
    top.index += commas
    if commas:
        top.key = None
    return None, 0


def _number_fault(word: str) -> str | None:
    if word.endswith(("y", "N")):
        return f"{word} is no JSON number"
    if word.lstrip("-").isdigit():
        is_fine = len(word) <= 20 and int(word) in INT_RANGE
        return None if is_fine else "this whole number needs more than 64 bits"
    try:
        return None if math.isfinite(float(word)) else "this number is too large"
    except ValueError:
        return None


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]
