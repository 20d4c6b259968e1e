"""One evaluation on its way: the names it may read, its local variables, and what it may still spend."""

from collections.abc import Mapping
from typing import Any

from engine.core.expressions.errors import EvaluationError, LimitExceeded
from engine.core.expressions.limits import LIMITS

ABSORBED = 12
"""Units for an error that `&&`, `||`, `all` or `exists` set aside: raising one is dear."""


class Frame:
    __slots__ = ("at", "left", "scope", "source", "variables")

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.scope = scope
        self.left = LIMITS.cost
        self.source = ""
        self.at = 0
        """Where the running function stands."""
        self.variables: list[Any] = []

    def enter(self, source: str, variables: int, cost: int) -> None:
        """Turn to an expression, paying beforehand for each of its parts once."""
        self.source = source
        if variables:
            self.variables = [None] * variables
        self.left -= cost
        if self.left < 0:
            raise self.exhausted(0)

    def spend(self, units: int, at: int) -> None:
        self.left -= units
        if self.left < 0:
            raise self.exhausted(at)

    def scan(self, length: int, at: int) -> None:
        """Pay for looking at a text."""
        self.left -= length >> 8
        if self.left < 0:
            raise self.exhausted(at)

    def build(self, length: int, at: int) -> None:
        """Pay for making a text of `length` characters."""
        self.left -= length >> 7
        if self.left < 0:
            raise self.exhausted(at)

    def build_text(self, length: int, at: int) -> None:
        """Pay for a text that is longer than those it is made of, if it may be that long at all."""
        if length > LIMITS.result_text_bytes:
            raise self.too_large(at, f"a text longer than {LIMITS.result_text_bytes} bytes")
        self.build(length, at)

    def build_list(self, length: int, at: int) -> None:
        if length > LIMITS.list_items:
            raise self.too_large(at, f"a list of more than {LIMITS.list_items} items")
        self.spend(length >> 3, at)

    def fault(self, at: int, detail: str) -> EvaluationError:
        return EvaluationError.within(self.source, at, detail)

    def too_large(self, at: int, what: str) -> LimitExceeded:
        return LimitExceeded.within(self.source, at, f"This would be {what}. Work on less at once.")

    def exhausted(self, at: int) -> LimitExceeded:
        detail = f"The evaluation costs more than {LIMITS.cost} units. Work on less at once."
        return LimitExceeded.within(self.source, at, detail)
