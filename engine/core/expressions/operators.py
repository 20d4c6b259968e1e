"""What the operators do with two values: unlike kinds are errors, whole numbers stay within 64 bits."""

import operator
from collections.abc import Callable
from typing import Any

from engine.core.expressions.frame import Frame
from engine.core.expressions.lexer import INT_MAX, INT_MIN
from engine.core.expressions.values import NUMBERS, admit, equal, kind

Operator = Callable[[Frame, Any, Any, int], Any]


def _add(f: Frame, left: Any, right: Any, at: int) -> Any:
    both = type(left)
    if both in NUMBERS and type(right) in NUMBERS:
        return _number(f, left + right, at)
    if both is str and type(right) is str:
        f.build_text(len(left) + len(right), at)
        return left + right
    if both is list and type(right) is list:
        f.build_list(len(left) + len(right), at)
        return left + right
    raise _unlike(f, "+", left, right, at)


def _subtract(f: Frame, left: Any, right: Any, at: int) -> Any:
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return _number(f, left - right, at)
    raise _unlike(f, "-", left, right, at)


def _multiply(f: Frame, left: Any, right: Any, at: int) -> Any:
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return _number(f, left * right, at)
    raise _unlike(f, "*", left, right, at)


def _divide(f: Frame, left: Any, right: Any, at: int) -> Any:
    if type(left) not in NUMBERS or type(right) not in NUMBERS:
        raise _unlike(f, "/", left, right, at)
    if right == 0:
        raise f.fault(at, "Division by zero.")
    if type(left) is int and type(right) is int:
        quotient = abs(left) // abs(right)
        return _number(f, quotient if (left < 0) == (right < 0) else -quotient, at)
    return _number(f, left / right, at)


def _remainder(f: Frame, left: Any, right: Any, at: int) -> Any:
    if type(left) is not int or type(right) is not int:
        advice = " Convert with int() first." if type(left) in NUMBERS and type(right) in NUMBERS else ""
        raise f.fault(at, f"% works on two whole numbers, not on {kind(left)} and {kind(right)}.{advice}")
    if right == 0:
        raise f.fault(at, "Remainder of a division by zero.")
    _divide(f, left, right, at)
    rest = abs(left) % abs(right)
    return rest if left >= 0 else -rest


def negate(f: Frame, value: Any, at: int) -> Any:
    if type(value) not in NUMBERS:
        raise f.fault(at, f"- works on a number, not on {kind(value)}.")
    return _number(f, -value, at)


def _number(f: Frame, result: Any, at: int) -> Any:
    if type(result) is int:
        if INT_MIN <= result <= INT_MAX:
            return result
        raise f.fault(at, "The result does not fit into 64 bits. Calculate with doubles, as in 1.0 * x.")
    # A difference with itself is zero for every finite number, and for no other.
    if result - result == 0:
        return result
    raise f.fault(at, "The result is not a finite number that a double can hold.")


def _ordered(sign: str, compare: Callable[[Any, Any], bool]) -> Operator:
    def ordered(f: Frame, left: Any, right: Any, at: int) -> bool:
        both = type(left)
        if both in NUMBERS:
            if type(right) in NUMBERS:
                return compare(left, right)
        elif both is type(right):
            if both is str:
                f.scan(min(len(left), len(right)), at)
                return compare(left, right)
            if both is bool:
                return compare(left, right)
        raise _unlike(f, sign, left, right, at)

    return ordered


def _equal(f: Frame, left: Any, right: Any, at: int) -> bool:
    return equal(f, left, right, at)


def _unequal(f: Frame, left: Any, right: Any, at: int) -> bool:
    return not equal(f, left, right, at)


def _is_in(f: Frame, needle: Any, container: Any, at: int) -> bool:
    if type(container) is dict:
        return type(needle) is str and needle in container
    if type(container) is not list:
        advice = " Ask a text with .contains()." if type(container) is str else ""
        raise f.fault(at, f"'in' looks into a list or a map, not into {kind(container)}.{advice}")
    for item in container:
        f.left -= 1
        if f.left < 0:
            raise f.exhausted(at)
        if equal(f, needle, item, at):
            return True
    return False


def item_at(f: Frame, container: Any, index: Any, at: int) -> Any:
    """`container[index]` with an index that is only known now."""
    if type(container) is dict:
        if type(index) is str and index in container:
            return admit(f, container[index], at)
        raise f.fault(at, f"There is no key {_shown(index)} in this map.")
    if type(container) is not list:
        raise f.fault(at, f"[…] reads a list or a map, not {kind(container)}.")
    whole = int(index) if type(index) is float and index.is_integer() else index
    if type(whole) is not int:
        raise f.fault(at, f"The index of a list is a whole number, not {kind(index)}.")
    if not 0 <= whole < len(container):
        raise f.fault(at, f"There is no item {whole}: the list has {len(container)}, counted from 0.")
    return admit(f, container[whole], at)


def _shown(key: Any) -> str:
    if type(key) is str:
        return repr(key if len(key) <= 40 else key[:39] + "…")
    return f"of kind {kind(key)}: keys are texts"


def _unlike(f: Frame, sign: str, left: Any, right: Any, at: int) -> Exception:
    return f.fault(at, f"{sign} does not work on {kind(left)} and {kind(right)}.")


ARITHMETIC: dict[str, Operator] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
}
COMPARISON: dict[str, Operator] = {
    "==": _equal,
    "!=": _unequal,
    "<": _ordered("<", operator.lt),
    "<=": _ordered("<=", operator.le),
    ">": _ordered(">", operator.gt),
    ">=": _ordered(">=", operator.ge),
    "in": _is_in,
}
