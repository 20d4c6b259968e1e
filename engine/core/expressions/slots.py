"""The `{{ }}` in a text: where they are, and how the place decides the encoding of what they give."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from engine.core.expressions.errors import BadExpression, ExpressionError, LimitExceeded, position
from engine.core.expressions.expression import Expression, compile_expression
from engine.core.expressions.frame import Frame
from engine.core.expressions.limits import LIMITS
from engine.core.expressions.types import Type, TypeEnv
from engine.core.expressions.values import json_text, text_of, utf8_size


class Slot(StrEnum):
    TEXT = "text"
    URL_PATH = "url_path"
    URL_QUERY = "url_query"
    HEADER = "header"
    JSON = "json"
    """A text of JSON: a slot stands where a value stands, not inside quotes."""


Encode = Callable[[Frame, Any], str]

EMPTY = "\0"
"""Stands for a slot of a path that gave nothing, until the segments were looked at."""

_OPEN, _CLOSE = "{{", "}}"
# A quote that is never closed takes the rest of its line, so that looking stays linear.
_INSIDE = re.compile(r"""'(?:[^'\\\r\n]|\\.)*'?|"(?:[^"\\\r\n]|\\.)*"?|//[^\n]*|[{}]""")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Hole:
    """One slot: its expression, and where that starts in which text of the template."""

    expression: Expression
    line: int
    column: int
    pointer: str
    """JSON pointer of the text within the template's value."""
    length: int
    """Characters in the text, with the braces."""

    def value(self, f: Frame) -> Any:
        try:
            return self.expression.value_in(f)
        except ExpressionError as error:
            raise error.moved(self.line, self.column, self.pointer) from None

    def infer(self, types: TypeEnv) -> Type:
        """
        Raises:
            BadExpression: whatever the data is, the slot can't be filled.
        """
        try:
            return self.expression.infer(types)
        except ExpressionError as error:
            raise error.moved(self.line, self.column, self.pointer) from None

    def text(self, f: Frame, encode: Encode) -> str:
        value = self.value(f)
        try:
            return encode(f, value)
        except ExpressionError as error:
            # What the value lacks concerns the slot as a whole, wherever the expression last was.
            raise type(error)(error.detail, self.line, self.column, self.pointer) from None


def split(text: str, pointer: str, most: int) -> list[str | Hole]:
    """The text in order: plain pieces, and its slots compiled, of which there may be `most`.

    Raises:
        BadExpression: a slot is not closed, or does not parse.
        LimitExceeded: too many slots, or an expression is too large.
    """
    pieces: list[str | Hole] = []
    done = found = 0
    while (start := text.find(_OPEN, done)) >= 0:
        found += 1
        if found > most:
            detail = f"The template has more than {LIMITS.template_slots} slots. Split it over several steps."
            raise LimitExceeded(detail, *position(text, start), pointer)
        if start > done:
            pieces.append(text[done:start])
        end = _end_of(text, start + 2, pointer)
        pieces.append(_hole(text, start + 2, end, pointer))
        done = end + 2
    if done < len(text):
        pieces.append(text[done:])
    return pieces


def _end_of(text: str, start: int, pointer: str) -> int:
    open_braces = 0
    for found in _INSIDE.finditer(text, start, start + 2 * LIMITS.expression_chars):
        if found.group() == "{":
            open_braces += 1
        elif found.group() == "}":
            if open_braces:
                open_braces -= 1
            elif text.startswith(_CLOSE, found.start()):
                return found.start()
    detail = "This {{ is never closed by }}: look at the quotes, brackets and // comments after it."
    raise BadExpression(detail, *position(text, start - 2), pointer)


def _hole(text: str, start: int, end: int, pointer: str) -> Hole:
    source = text[start:end]
    at = start + len(source) - len(source.lstrip())
    line, column = position(text, at)
    try:
        return Hole(compile_expression(source.strip()), line, column, pointer, end - start + 4)
    except ExpressionError as error:
        raise error.moved(line, column, pointer) from None


def plain(f: Frame, value: Any) -> str:
    return text_of(f, value, 0)


def path_segment(f: Frame, value: Any) -> str:
    return _percent(f, value) or EMPTY


def query_part(f: Frame, value: Any) -> str:
    return _percent(f, value)


def header(f: Frame, value: Any) -> str:
    text = text_of(f, value, 0)
    f.scan(len(text), 0)
    if _CONTROL.search(text):
        raise f.fault(0, "A header can't hold control characters or line breaks: trim or replace them.")
    return text


def json(f: Frame, value: Any) -> str:
    return json_text(f, value, 0)


def _percent(f: Frame, value: Any) -> str:
    text = text_of(f, value, 0)
    size = utf8_size(f, text, 0)
    f.build_text(size, 0)
    # quote() goes byte by byte in Python.
    f.build(8 * size, 0)
    return quote(text, safe="")


ENCODE: dict[Slot, Encode] = {
    Slot.TEXT: plain,
    Slot.URL_PATH: path_segment,
    Slot.URL_QUERY: query_part,
    Slot.HEADER: header,
    Slot.JSON: json,
}
