"""Which data an expression reads, as dotted paths: always all of it, sometimes more than one run touches."""

import re
from typing import NamedTuple

from engine.core.expressions import syntax
from engine.core.expressions.syntax import Node

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Reads(NamedTuple):
    paths: frozenset[str]
    """Every path; one with an index that is only known when it runs ends before the index."""
    asked: frozenset[str]
    """Those among them that `has()` asks for, so that they may be missing."""


def reads_of(node: Node) -> Reads:
    paths: set[str] = set()
    asked: set[str] = set()
    _collect(node, frozenset(), paths, asked)
    return Reads(frozenset(paths), frozenset(asked))


def _collect(node: Node, variables: frozenset[str], paths: set[str], asked: set[str]) -> None:
    match node:
        case syntax.Name(name=name):
            if name not in variables:
                paths.add(name)
        case syntax.Path(target=syntax.Name(name=name), keys=keys):
            if name not in variables:
                paths.add(_dotted(name, keys))
        case syntax.Has(path=syntax.Path(target=syntax.Name(name=name), keys=keys)):
            if name not in variables:
                paths.add(_dotted(name, keys))
                asked.add(_dotted(name, keys))
        case syntax.Macro(variable=variable, bodies=bodies):
            for body in bodies:
                _collect(body, variables | {variable}, paths, asked)
            _collect(node.target, variables, paths, asked)
        case _:
            for child in syntax.children(node):
                _collect(child, variables, paths, asked)


def _dotted(name: str, keys: tuple[str, ...]) -> str:
    path = [name]
    for key in keys:
        if not _KEY.fullmatch(key):
            break
        path.append(key)
    return ".".join(path)
