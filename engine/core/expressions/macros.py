"""`all exists exists_one filter map`: run a body once for each item, paying for each run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.core.expressions.errors import EvaluationError
from engine.core.expressions.frame import ABSORBED, Frame
from engine.core.expressions.limits import LIMITS
from engine.core.expressions.values import admit, kind

Step = Callable[[Frame], Any]


@dataclass(frozen=True, slots=True)
class Loop:
    """The items, where each is put for the body, and what one run of the body costs."""

    name: str
    at: int
    target: Step
    variable: int
    cost: int

    def items(self, f: Frame) -> Iterator[Any]:
        """Each item of a list or key of a map, put where the body reads it."""
        found = self.target(f)
        if type(found) is not list and type(found) is not dict:
            raise f.fault(self.at, f"{self.name}() goes through a list or a map, not through {kind(found)}.")
        variable, cost, variables = self.variable, self.cost, f.variables
        for item in found:
            f.left -= cost
            if f.left < 0:
                raise f.exhausted(self.at)
            variables[variable] = admit(f, item, self.at)
            yield item

    def holds(self, f: Frame, body: Step) -> bool:
        verdict = body(f)
        if verdict is True or verdict is False:
            return verdict
        detail = f"The condition in {self.name}() gives {kind(verdict)}, not true or false."
        raise f.fault(self.at, detail)


def _all(loop: Loop, body: Step) -> Step:
    return lambda f: not _found(loop, f, body, False)


def _exists(loop: Loop, body: Step) -> Step:
    return lambda f: _found(loop, f, body, True)


def _found(loop: Loop, f: Frame, body: Step, wanted: bool) -> bool:
    """Whether some item decides; an error on the way counts only if none does, as in CEL."""
    error = None
    for _ in loop.items(f):
        try:
            if loop.holds(f, body) is wanted:
                return True
        except EvaluationError as caught:
            f.spend(ABSORBED, loop.at)
            error = error or caught
    if error is None:
        return False
    try:
        raise error
    finally:
        # Else the error and this call would hold each other alive.
        del error


def _exists_one(loop: Loop, body: Step) -> Step:
    return lambda f: sum(loop.holds(f, body) for _ in loop.items(f)) == 1


def _filter(loop: Loop, body: Step) -> Step:
    return lambda f: _collected(loop, f, (item for item in loop.items(f) if loop.holds(f, body)))


def _map(loop: Loop, body: Step, then: Step | None = None) -> Step:
    if then is None:
        return lambda f: _collected(loop, f, (body(f) for _ in loop.items(f)))
    return lambda f: _collected(loop, f, (then(f) for _ in loop.items(f) if loop.holds(f, body)))


def _collected(loop: Loop, f: Frame, items: Iterator[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if len(found) == LIMITS.list_items:
            raise f.too_large(loop.at, f"a list of more than {LIMITS.list_items} items")
        found.append(item)
    return found


MACROS: dict[str, Callable[..., Step]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
