"""Every place of a document where an expression stands, compiled: what it reads, and when it is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from engine.core.catalogue import Behaviour, NodeType
from engine.core.document import Node, On
from engine.core.expressions import Expression, ExpressionError, compile_expression, compile_template
from engine.core.problem import ERROR, Problem
from engine.core.validation.faults import pointer

if TYPE_CHECKING:
    from engine.core.validation.view import View


class Use(StrEnum):
    """What the value of an expression is for."""

    CONDITION = "condition"
    """Must be true or false."""
    UNTIL = "until"
    """Must be an RFC 3339 time."""
    VALUE = "value"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text with expressions stands. `is_after`: it is evaluated when its node's output is there already."""

    node_id: str
    use: Use
    source: Any
    path: str
    what: str
    is_after: bool = False
    transition_id: str | None = None

    def problem(self, code: str, detail: str, below: str = "") -> Problem:
        return Problem(
            code=code,
            severity=ERROR,
            message=f"{self.what}{detail}",
            node_id=self.node_id,
            transition_id=self.transition_id,
            path=self.path + below,
        )

    def bad_expression(self, error: ExpressionError) -> Problem:
        at = f" at {error.line}:{error.column}: {error.detail}"
        return self.problem("bad_expression", at, error.pointer)


@dataclass(frozen=True, slots=True)
class Part:
    """One expression, where it begins in its text, and what it reads.

    `names` are top-level names; `variables` those it can't do without: what it asks for with `has()` may be missing.
    """

    expression: Expression
    line: int
    column: int
    pointer: str
    names: frozenset[str]
    variables: tuple[str, ...]


class Site(NamedTuple):
    place: Place
    part: Part

    def problem(self, code: str, detail: str) -> Problem:
        return self.place.problem(code, f": {detail}", self.part.pointer)

    def bad_expression(self, error: ExpressionError) -> Problem:
        """An error of the expression, told from the beginning of the text it stands in."""
        return self.place.bad_expression(error.moved(self.part.line, self.part.column, self.part.pointer))


def find_sites(view: View) -> tuple[list[Site], list[Problem]]:
    """All expressions in document order, and problems for those that do not compile."""
    sites: list[Site] = []
    problems: list[Problem] = []
    for place in _places(view):
        source = place.source if isinstance(place.source, str) else orjson.dumps(place.source)
        try:
            sites += [Site(place, part) for part in _parts(source, place.use is Use.TEMPLATE)]
        except ExpressionError as error:
            problems.append(place.bad_expression(error))
    return sites, problems


@lru_cache(maxsize=4096)
def _parts(source: str | bytes, is_template: bool) -> tuple[Part, ...]:
    """The expressions in a text, or in the JSON given as bytes; a draft is validated again with each stroke."""
    if isinstance(source, str) and not is_template:
        return (_part(compile_expression(source), 1, 1, ""),)
    holes = compile_template(orjson.loads(source) if isinstance(source, bytes) else source).holes
    return tuple(_part(hole.expression, hole.line, hole.column, hole.pointer) for hole in holes)


def _part(expression: Expression, line: int, column: int, pointer: str) -> Part:
    paths = [path.split(".") for path in expression.reads]
    needed = {path[1] for path in paths if path[0] == "vars" and len(path) > 1}
    variables = sorted(name for name in needed if f"vars.{name}" not in expression.asked)
    return Part(expression, line, column, pointer, frozenset(path[0] for path in paths), tuple(variables))


def _places(view: View) -> Iterator[Place]:
    marked: dict[str, dict[str, Use]] = {}
    for node_id, node in view.nodes.items():
        if kind := view.kinds[node_id]:
            if kind.name not in marked:
                marked[kind.name] = _marked_fields(kind)
            yield from _in_config(view, node, marked[kind.name])
        yield from _in_memory(view, node)
    for place, way in enumerate(view.document.transitions):
        if way.on is On.CONDITION_MET and way.when is not None and way.when.strip():
            path, what = f"/transitions/{place}/when", f"The condition of transition {way.id!r}"
            yield Place(way.source, Use.CONDITION, way.when, path, what, True, way.id)


def _marked_fields(kind: NodeType) -> dict[str, Use]:
    """The config fields that hold templates or expressions."""
    fields: dict[str, Use] = {}
    for name, info in kind.params.model_fields.items():
        extra = info.json_schema_extra
        if isinstance(extra, dict) and extra.get("template"):
            fields[name] = Use.TEMPLATE
        elif isinstance(extra, dict) and extra.get("expression"):
            fields[name] = Use.UNTIL if kind.behaviour is Behaviour.WAIT else Use.VALUE
    return fields


def _in_config(view: View, node: Node, fields: dict[str, Use]) -> Iterator[Place]:
    for name, use in fields.items():
        value = node.config.get(name)
        if isinstance(value, str) or (use is Use.TEMPLATE and isinstance(value, dict | list)):
            path = f"/nodes/{view.places[node.id]}/config{pointer((name,))}"
            yield Place(node.id, use, value, path, f"Node {node.id!r}, {name}")


def _in_memory(view: View, node: Node) -> Iterator[Place]:
    for key, source in (node.remember or {}).items():
        path = f"/nodes/{view.places[node.id]}/remember/{key}"
        yield Place(node.id, Use.VALUE, source, path, f"Node {node.id!r}, remember.{key}", is_after=True)
