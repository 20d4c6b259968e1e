"""A compiled expression: evaluate it, ask what it reads, what type it has."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from pydantic import JsonValue

from engine.core.expressions.evaluate import build, cost_of, variables_of
from engine.core.expressions.frame import Frame
from engine.core.expressions.infer import infer
from engine.core.expressions.limits import LIMITS
from engine.core.expressions.parser import parse
from engine.core.expressions.reads import reads_of
from engine.core.expressions.types import Type, TypeEnv
from engine.core.expressions.values import check, kind

_KEPT = 512
"""The largest that the limits allow takes 0.3 MB."""


class Evaluated(NamedTuple):
    value: JsonValue
    cost: int
    """Units spent, of `LIMITS.cost`."""


class Expression:
    """Immutable, shared between threads; made by `compile_expression`."""

    __slots__ = ("_cost", "_node", "_run", "_variables", "asked", "paths", "reads", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._node = parse(source)
        self._run = build(self._node, {})
        self._cost = cost_of(self._node)
        self._variables = variables_of(self._node)
        self.reads, self.asked = reads_of(self._node)
        self.paths = [(path, tuple(path.split("."))) for path in sorted(self.reads)]
        """What it reads, in order: each path with its parts."""

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    @property
    def constant(self) -> bool:
        """Whether it reads no names, so that it gives the same always."""
        return not self.reads

    def evaluate(self, scope: Mapping[str, JsonValue]) -> Evaluated:
        """
        The value may share parts with `scope`: change neither.

        Raises:
            EvaluationError: there is no value for these names.
            LimitExceeded: too dear, or the value is too large.
        """
        f = Frame(scope)
        value = self.value_in(f)
        check(f, value, self._node.at)
        return Evaluated(value, LIMITS.cost - f.left)

    def condition(self, scope: Mapping[str, JsonValue]) -> bool:
        """
        Raises:
            EvaluationError: the value is not exactly true or false, or there is none.
            LimitExceeded: too dear.
        """
        f = Frame(scope)
        value = self.value_in(f)
        if value is True or value is False:
            return value
        raise f.fault(self._node.at, f"A condition gives true or false, this one gives {kind(value)}.")

    def infer(self, types: TypeEnv) -> Type:
        """
        Raises:
            BadExpression: whatever the data is, every evaluation would fail.
        """
        return infer(self._node, self.source, types)

    def value_in(self, f: Frame) -> JsonValue:
        """The value, unchecked for its size, paid for from a budget that may be shared."""
        f.enter(self.source, self._variables, self._cost)
        value: JsonValue = self._run(f)
        return value


@lru_cache(maxsize=_KEPT)
def compile_expression(source: str) -> Expression:
    """
    Raises:
        BadExpression: it does not parse.
        LimitExceeded: too long, too many parts, nested too deeply.
    """
    return Expression(source)
