"""Templates: any JSON whose texts hold `{{ expressions }}`, filled in one pass; what comes out is never parsed again."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import orjson
from pydantic import JsonValue

from engine.core.expressions.errors import BadExpression, EvaluationError, LimitExceeded, position
from engine.core.expressions.expression import Evaluated
from engine.core.expressions.frame import Frame
from engine.core.expressions.limits import LIMITS
from engine.core.expressions.slots import EMPTY, ENCODE, Encode, Hole, Slot, split
from engine.core.expressions.values import check, utf8_size

_STRING_MARKS = re.compile(r'\\.|"', re.DOTALL)
_DOT = re.compile(r"\.|%2e", re.IGNORECASE)


class Rendering:
    """One pass over a template: all of its slots share a budget, all of its texts a size."""

    def __init__(self, scope: Mapping[str, JsonValue]) -> None:
        self.f = Frame(scope)
        self.bytes = 0
        self.has_container = False
        """Whether a slot gave a list or a map: what else there is the template's own limits hold."""

    def add(self, size: int) -> None:
        self.bytes += size
        if self.bytes > LIMITS.template_bytes:
            detail = f"The filled template has more than {LIMITS.template_bytes} bytes of text. Insert less."
            raise LimitExceeded(detail)

    def fill(self, pieces: Sequence[str | tuple[Hole, Encode]]) -> str:
        texts = []
        length = 0
        for piece in pieces:
            text = piece if isinstance(piece, str) else piece[0].text(self.f, piece[1])
            length += len(text)
            if self.bytes + length > LIMITS.template_bytes:
                self.add(length)
            texts.append(text)
        filled = "".join(texts)
        self.f.build(len(filled), 0)
        self.add(utf8_size(self.f, filled, 0))
        return filled

    def keep(self, hole: Hole) -> JsonValue:
        value: JsonValue = hole.value(self.f)
        if type(value) is int:
            return value
        if isinstance(value, str):
            self.add(utf8_size(self.f, value, 0))
        elif isinstance(value, list | dict):
            self.has_container = True
        elif isinstance(value, float):
            check(self.f, value, 0)
        return value


Render = Callable[[Rendering], JsonValue]
Place: TypeAlias = "tuple[Place, str | int] | None"
"""The keys that lead to a part of a template, the last first."""


class Template:
    """Immutable; made by `compile_template` and `compile_url_template`."""

    __slots__ = ("asked", "fill", "holes", "reads")

    def __init__(self, render: Render, holes: Sequence[Hole]) -> None:
        self.fill = render
        """For a template that this one is a part of: it pays from that one's budget."""
        self.holes = tuple(holes)
        self.reads = frozenset[str]().union(*(hole.expression.reads for hole in holes))
        self.asked = frozenset[str]().union(*(hole.expression.asked for hole in holes))

    @property
    def constant(self) -> bool:
        """Whether it reads no names, so that it renders the same always."""
        return not self.reads

    def render(self, scope: Mapping[str, JsonValue]) -> JsonValue:
        """
        The value may share parts with `scope` and with the template: change none of them.

        Raises:
            EvaluationError: a slot has no value for these names, or one that its place can't take.
            LimitExceeded: too dear, or the result is too large.
        """
        return self._filled(Rendering(scope))

    def evaluate(self, scope: Mapping[str, JsonValue]) -> Evaluated:
        """As `render`, with what it cost."""
        rendering = Rendering(scope)
        return Evaluated(self._filled(rendering), LIMITS.cost - rendering.f.left)

    def _filled(self, rendering: Rendering) -> JsonValue:
        value = self.fill(rendering)
        if rendering.has_container:
            rendering.f.source = ""
            check(rendering.f, value, 0)
        return value


def compile_template(value: JsonValue, slot: Slot = Slot.TEXT) -> Template:
    """A template from any JSON; `slot` says what its texts are for. Keys are not templates.

    A text that is exactly one `{{ }}` keeps the type of the value, if it is for `TEXT`.

    Raises:
        BadExpression: a slot does not parse or can't stand where it does.
        LimitExceeded: too many slots, too long, too deep.
    """
    compiler = Compiler(slot)
    render = compiler.value(value, None, 0)
    return Template(render or (lambda _: value), compiler.holes)


class Compiler:
    """Counts slots and bytes over all texts of a template. What holds no slot compiles to None: itself."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.holes: list[Hole] = []
        self.bytes = 0

    def value(self, value: JsonValue, place: Place, depth: int) -> Render | None:
        if isinstance(value, str):
            return self.text(value, place)
        if not isinstance(value, list | dict):
            return None
        if depth == LIMITS.data_depth:
            detail = f"The template is more than {LIMITS.data_depth} levels deep."
            raise LimitExceeded(detail, pointer=_pointer(place))
        if isinstance(value, list):
            items = [(item, self.value(item, (place, index), depth + 1)) for index, item in enumerate(value)]
            if all(fill is None for _, fill in items):
                return None
            return lambda rendering: [fill(rendering) if fill else item for item, fill in items]
        fields = [(key, item, self.value(item, (place, key), depth + 1)) for key, item in value.items()]
        if all(fill is None for _, _, fill in fields):
            return None
        return lambda rendering: {key: fill(rendering) if fill else item for key, item, fill in fields}

    def text(self, text: str, place: Place) -> Render | None:
        self.count(text, place)
        if "{{" not in text and self.slot is not Slot.JSON:
            return None
        pieces = self.pieces(text, place)
        if self.slot is Slot.JSON:
            _check_json(text, pieces, _pointer(place))
        if self.slot is Slot.TEXT and len(pieces) == 1 and isinstance(pieces[0], Hole):
            only = pieces[0]
            return lambda rendering: rendering.keep(only)
        encode = ENCODE[self.slot]
        parts = [piece if isinstance(piece, str) else (piece, encode) for piece in pieces]
        if self.slot is Slot.URL_PATH:
            return lambda rendering: check_segments(rendering.fill(parts), 0, _pointer(place))
        return lambda rendering: rendering.fill(parts)

    def count(self, text: str, place: Place) -> None:
        self.bytes += len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if self.bytes > LIMITS.template_bytes:
            detail = f"The template has more than {LIMITS.template_bytes} bytes of text."
            raise LimitExceeded(detail, pointer=_pointer(place))

    def pieces(self, text: str, place: Place) -> list[str | Hole]:
        pieces = split(text, _pointer(place), LIMITS.template_slots - len(self.holes))
        self.holes += [piece for piece in pieces if isinstance(piece, Hole)]
        return pieces


def _pointer(place: Place) -> str:
    keys = []
    while place is not None:
        place, key = place
        keys.append(str(key).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{key}" for key in reversed(keys))


def check_segments(url: str, start: int, pointer: str) -> str:
    """`url`, whose path begins at `start`, if no segment of it would lead elsewhere.

    Raises:
        EvaluationError: a segment is `.` or `..`, also in disguise, or was left empty by its slots.
    """
    path = re.split(r"[?#]", url[start:], maxsplit=1)[0]
    for segment in path.split("/"):
        if _DOT.sub(".", segment.replace(EMPTY, "")) in (".", ".."):
            raise EvaluationError(
                "A segment of this path would be . or .., which leads elsewhere.", pointer=pointer
            )
        if segment and not segment.strip(EMPTY):
            raise EvaluationError(
                "A segment of this path would be empty: its slot gives nothing.", pointer=pointer
            )
    return url.replace(EMPTY, "")


def _check_json(text: str, pieces: list[str | Hole], pointer: str) -> None:
    in_string = False
    for piece in pieces:
        if isinstance(piece, str):
            for mark in _STRING_MARKS.findall(piece):
                in_string ^= mark == '"'
        elif in_string:
            detail = "A slot can't stand inside a JSON text: write \"key\": {{ 'text ' + x }}, without quotes around."
            raise BadExpression(detail, piece.line, piece.column, pointer)
    # Each slot becomes a null of its own length, so that offsets stay what they are.
    skeleton = "".join(piece if isinstance(piece, str) else "null".ljust(piece.length) for piece in pieces)
    try:
        orjson.loads(skeleton)
    except orjson.JSONDecodeError as error:
        detail = f"With its slots filled this is no JSON: {error.msg}."
        raise BadExpression(detail, *position(text, error.pos), pointer) from None
