"""A small picture of a workflow, drawn from the places of its nodes: lines for the ways, a shape for each type."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypedDict

import reflex as rx

WIDTH: Final = 180.0
HEIGHT: Final = 72.0
MARGIN: Final = 36.0
COLUMN: Final = 260.0
"""Between nodes that have no place yet."""


class Picture(TypedDict):
    """Path data for SVG, by what is drawn with it."""

    view_box: str
    ways: str
    cards: str
    ends: str
    choices: str


def picture_of(document: Mapping[str, Any]) -> Picture:
    """Drafts may hold anything: what is no node or way is left out."""
    nodes = {
        str(node.get("id")): (str(node.get("type")), *_place(node, index))
        for index, node in enumerate(_objects(document.get("nodes")))
    }
    left = min((x for _, x, _ in nodes.values()), default=0.0)
    top = min((y for _, _, y in nodes.values()), default=0.0)
    right = max((x for _, x, _ in nodes.values()), default=0.0) + WIDTH
    loops = [_depth(source, target) for source, target in _ends(nodes, document) if target[1] < source[1]]
    bottom = max([y + HEIGHT for _, _, y in nodes.values()] + loops, default=HEIGHT)
    box = (left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN)
    return Picture(
        view_box=" ".join(f"{number:g}" for number in box),
        ways="".join(
            _back(source, target) if target[1] < source[1] else _on(source, target)
            for source, target in _ends(nodes, document)
        ),
        cards="".join(_card(x, y) for kind, x, y in nodes.values() if kind not in _SHAPED),
        ends="".join(_pill(x, y) for kind, x, y in nodes.values() if kind in {"START", "END"}),
        choices="".join(_diamond(x, y) for kind, x, y in nodes.values() if kind == "DECISION"),
    )


def graph_picture(picture: Any, class_name: str = "h-32 w-full") -> rx.Component:
    """`picture` is a `Picture`, or a Var of one; says nothing to screen readers, a name must stand beside it."""
    line = {"fill": "none", "strokeWidth": 1.2, "vectorEffect": "non-scaling-stroke"}
    return rx.el.svg(
        rx.el.path(d=picture["ways"], class_name="stroke-line-strong", style=line),
        rx.el.path(d=picture["cards"], class_name="fill-mute/70"),
        rx.el.path(d=picture["ends"], class_name="fill-ink/80"),
        rx.el.path(d=picture["choices"], class_name="fill-accent-ink"),
        view_box=picture["view_box"],
        preserve_aspect_ratio="xMidYMid meet",
        aria_hidden=True,
        class_name=class_name,
    )


_SHAPED: Final = frozenset({"START", "END", "DECISION"})


def _objects(found: Any) -> list[dict[str, Any]]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _place(node: Mapping[str, Any], index: int) -> tuple[float, float]:
    place = node.get("position")
    x, y = (place.get("x"), place.get("y")) if isinstance(place, dict) else (None, None)
    if isinstance(x, int | float) and isinstance(y, int | float):
        return float(x), float(y)
    return index * COLUMN, 0.0


_Node = tuple[str, float, float]


def _ends(nodes: Mapping[str, _Node], document: Mapping[str, Any]) -> Iterator[tuple[_Node, _Node]]:
    for way in _objects(document.get("transitions")):
        source, target = nodes.get(str(way.get("source"))), nodes.get(str(way.get("target")))
        if source and target:
            yield source, target


def _on(source: _Node, target: _Node) -> str:
    x1, y1 = source[1] + WIDTH, source[2] + HEIGHT / 2
    x2, y2 = target[1], target[2] + HEIGHT / 2
    bend = max(40.0, (x2 - x1) / 2)
    return f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"


def _depth(source: _Node, target: _Node) -> float:
    """How low a loop hangs at most."""
    return max(source[2], target[2]) + HEIGHT + min(120.0, (source[1] - target[1]) / 4)


def _back(source: _Node, target: _Node) -> str:
    """A loop goes below the cards, from foot to foot."""
    x1, y1 = source[1] + WIDTH / 2, source[2] + HEIGHT
    x2, y2 = target[1] + WIDTH / 2, target[2] + HEIGHT
    low = _depth(source, target)
    return f"M{x1:g} {y1:g}C{x1:g} {low:g} {x2:g} {low:g} {x2:g} {y2:g}"


def _card(x: float, y: float) -> str:
    return f"M{x + 12:g} {y:g}h{WIDTH - 24:g}q12 0 12 12v{HEIGHT - 24:g}q0 12-12 12h{24 - WIDTH:g}q-12 0-12-12v{24 - HEIGHT:g}q0-12 12-12z"


def _pill(x: float, y: float) -> str:
    r = HEIGHT / 2
    return f"M{x + r:g} {y:g}h{WIDTH - HEIGHT:g}a{r:g} {r:g} 0 0 1 0 {HEIGHT:g}h{HEIGHT - WIDTH:g}a{r:g} {r:g} 0 0 1 0{-HEIGHT:g}z"


def _diamond(x: float, y: float) -> str:
    across, down = WIDTH / 2, HEIGHT / 2 + 14
    return f"M{x:g} {y + HEIGHT / 2:g}l{across:g}{-down:g}l{across:g} {down:g}l{-across:g} {down:g}z"
