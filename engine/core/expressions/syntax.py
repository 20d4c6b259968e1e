"""The parts of a parsed expression; each knows where it stands and how many levels are below it."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, eq=False)
class Node:
    at: int
    """Offset in the source."""
    height: int


@dataclass(slots=True, eq=False)
class Literal(Node):
    value: Any


@dataclass(slots=True, eq=False)
class Name(Node):
    name: str


@dataclass(slots=True, eq=False)
class Path(Node):
    """`target.a.b`, also written `target['a'].b`: keys known beforehand."""

    target: Node
    keys: tuple[str, ...]
    offsets: tuple[int, ...]
    ends_with_name: bool
    """Whether the last key was written `.key`, as `has()` wants it."""


@dataclass(slots=True, eq=False)
class Index(Node):
    target: Node
    index: Node


@dataclass(slots=True, eq=False)
class Call(Node):
    name: str
    args: tuple[Node, ...]
    """With the receiver first, if it is a method."""


@dataclass(slots=True, eq=False)
class Has(Node):
    path: Path


@dataclass(slots=True, eq=False)
class Macro(Node):
    """`target.name(variable, bodies…)`; two bodies only for `map` with a filter."""

    name: str
    target: Node
    variable: str
    bodies: tuple[Node, ...]


@dataclass(slots=True, eq=False)
class Unary(Node):
    op: str
    operand: Node


@dataclass(slots=True, eq=False)
class Chain(Node):
    """`first + a - b`: operators of one precedence, from left to right."""

    first: Node
    rest: tuple[tuple[str, int, Node], ...]


@dataclass(slots=True, eq=False)
class Compare(Node):
    op: str
    left: Node
    right: Node


@dataclass(slots=True, eq=False)
class Logic(Node):
    op: str
    operands: tuple[Node, ...]


@dataclass(slots=True, eq=False)
class Choice(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True, eq=False)
class ListOf(Node):
    items: tuple[Node, ...]


@dataclass(slots=True, eq=False)
class MapOf(Node):
    entries: tuple[tuple[Node, Node], ...]


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below, without the bodies of a macro, which run once for each item."""
    match node:
        case Path(target=target) | Macro(target=target):
            return (target,)
        case Index(target=target, index=index):
            return (target, index)
        case Call(args=below) | Logic(operands=below) | ListOf(items=below):
            return below
        case Has(path=path):
            return (path.target,)
        case Unary(operand=operand):
            return (operand,)
        case Chain(first=first, rest=rest):
            return (first, *(operand for _, _, operand in rest))
        case Compare(left=left, right=right):
            return (left, right)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case MapOf(entries=entries):
            return tuple(part for entry in entries for part in entry)
    return ()
