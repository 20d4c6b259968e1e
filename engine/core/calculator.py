"""A calculator on decimal numbers: 50 digits, what is written is what is meant, never nan or infinite."""

import decimal
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn, TypeAlias

from engine.core.errors import OpenRoomsError
from engine.core.expressions.limits import LIMITS

Number: TypeAlias = int | float | Decimal

_TRAPS = [
    decimal.InvalidOperation,
    decimal.DivisionByZero,
    decimal.Overflow,
    decimal.Underflow,
    decimal.Subnormal,
]
_GUARD_DIGITS = 10
"""Calculated in addition, then rounded away: 1/3*3 is 1."""


def _context(digits: int) -> decimal.Context:
    span = LIMITS.calculation_exponent
    return decimal.Context(prec=digits, Emin=-span, Emax=span, rounding=decimal.ROUND_HALF_EVEN, traps=_TRAPS)


_EXACT = _context(LIMITS.calculation_digits)
_GUARDED = _context(LIMITS.calculation_digits + _GUARD_DIGITS)
_TOO_MANY_DIGITS = 10**LIMITS.calculation_digits
_PLAIN_ZEROS = 30
"""More zeros than these before or behind the digits are written as an exponent."""

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<number> (?: [0-9]+ (?:\.[0-9]+)? | \.[0-9]+ ) (?:[eE][+-]?[0-9]+)? ) (?P<tail>[A-Za-z0-9_.]*)
      | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
      | (?P<op> \*\* | [-+*/%^(),] )
      | (?P<end> \Z ) )""",
    re.VERBOSE,
)


class CalculatorError(OpenRoomsError):
    """The calculation can't be read or has no result; `position` counts characters from 1."""

    code = "calculator_error"

    def __init__(self, detail: str, position: int) -> None:
        super().__init__(f"At character {position}: {detail}")
        self.detail = detail
        self.position = position

    @property
    def extra(self) -> dict[str, Any]:
        return {"position": self.position}


def calculate(expression: str, names: Mapping[str, Number] = MappingProxyType({})) -> Decimal:
    """The result, rounded half to even to 50 digits where it has more.

    Raises:
        CalculatorError: it can't be read, a name is missing, or there is no result within the limits.
    """
    return _rounded(_read(expression)(names))


def as_text(value: Decimal) -> str:
    """`9.7`, without zeros at the end; with an exponent only if it is very large or small: `1e+300`."""
    whole = _small_whole(value)
    if whole is not None:
        return str(whole)
    if value == 0:
        return "0"
    shortest = value.normalize(_EXACT)
    _, digits, exponent = shortest.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - finite, as every result
    if exponent > _PLAIN_ZEROS or len(digits) + exponent < -_PLAIN_ZEROS:
        return str(shortest).lower()
    return format(shortest, "f")


def as_number(value: Decimal) -> int | float | None:
    """The nearest JSON number, whole ones of up to 64 bits exactly; None if it is beyond every double."""
    whole = _small_whole(value)
    if whole is not None:
        return whole
    if value == value.to_integral_value() and value.copy_abs() < 2**63:
        return int(value)
    nearest = float(value)
    return nearest if abs(nearest) != float("inf") else None


def _small_whole(value: Decimal) -> int | None:
    """The value as an int if it is written as one of few digits, as most are."""
    text = str(value)
    return (
        int(text) if len(text) <= 15 and (text.isdigit() or text[1:].isdigit()) and text[0] != "." else None
    )


class Token(NamedTuple):
    kind: str
    text: str
    at: int


Term: TypeAlias = Callable[[Mapping[str, Number]], Decimal]
"""Part of a calculation that was read: what it comes to with these names."""


@lru_cache(maxsize=1024)
def _read(expression: str) -> Term:
    return _Reader(_tokens(expression)).whole()


def _tokens(expression: str) -> list[Token]:
    if len(expression) > LIMITS.calculation_chars:
        raise CalculatorError(
            f"The limit is {LIMITS.calculation_chars} characters.", LIMITS.calculation_chars + 1
        )
    found: list[Token] = []
    at = 0
    while not found or found[-1].kind != "end":
        match = _TOKEN.match(expression, at)
        if match is None:
            start = at + len(expression[at:]) - len(expression[at:].lstrip(" \t\r\n"))
            raise CalculatorError(f"Unexpected {expression[start]!r}.", start + 1)
        kind = match.lastgroup if match["number"] is None else "number"
        text = match[kind or 0]
        start = match.start(kind or 0)
        if match["tail"]:
            raise CalculatorError(f"{(text + match['tail'])[:40]!r} is not a number.", start + 1)
        found.append(Token(text if kind == "op" else str(kind), text, start))
        at = match.end()
    return found


def _refuse(detail: str, at: int) -> NoReturn:
    raise CalculatorError(detail, at + 1)


def _guarded(operation: Callable[..., Decimal], at: int) -> Callable[..., Decimal]:
    """The operation, which is refused if its result is not finite or beyond the limits."""

    def run(*values: Any) -> Decimal:
        try:
            value = operation(*values)
        except decimal.Overflow:
            _refuse(f"The result is beyond 1e{LIMITS.calculation_exponent}.", at)
        except (decimal.Underflow, decimal.Subnormal):
            _refuse(f"The result is too close to zero: below 1e-{LIMITS.calculation_exponent}.", at)
        except decimal.DivisionByZero:
            _refuse("Division by zero.", at)
        except decimal.InvalidOperation:
            _refuse("This has no result: it is not defined, or too far apart for 50 digits.", at)
        if not value.is_finite():
            _refuse("This has no finite result.", at)
        return value

    return run


_rounded = _guarded(_EXACT.plus, 0)


class _Reader:
    """Reads an expression once, from the loosest operator to the tightest; what it gives is calculated with any names."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.next = 0
        self.depth = 0

    def whole(self) -> Term:
        term = self.sum()
        token = self.tokens[self.next]
        if token.kind != "end":
            advice = " Write 1.5 with a point and no blanks or separators between digits."
            hint = advice if token.kind in (",", "number") else ""
            _refuse(f"Expected an operator or the end, found {token.text[:40]!r}.{hint}", token.at)
        return term

    def take(self, *kinds: str) -> Token | None:
        token = self.tokens[self.next]
        if token.kind not in kinds:
            return None
        self.next += 1
        return token

    def expect(self, kind: str) -> Token:
        token = self.tokens[self.next]
        found = repr(token.text[:40]) if token.text else "the end"
        return self.take(kind) or _refuse(f"Expected {kind!r}, found {found}.", token.at)

    def inner(self, rule: Callable[[], Term]) -> Term:
        self.depth += 1
        if self.depth > LIMITS.depth:
            _refuse(f"More than {LIMITS.depth} levels deep.", self.tokens[self.next].at)
        term = rule()
        self.depth -= 1
        return term

    def sum(self) -> Term:
        return self.in_a_row(self.product, "+", "-")

    def product(self) -> Term:
        return self.in_a_row(self.signed, "*", "/", "%")

    def in_a_row(self, rule: Callable[[], Term], *kinds: str) -> Term:
        """Operands from left to right: however many there are, none is deeper than another."""
        first, more = rule(), []
        while token := self.take(*kinds):
            more.append((_operation(token), rule()))
        if not more:
            return first

        def run(names: Mapping[str, Number]) -> Decimal:
            value = first(names)
            for operation, term in more:
                value = operation(value, term(names))
            return value

        return run

    def signed(self) -> Term:
        if token := self.take("-", "+"):
            term = self.inner(self.signed)
            if token.kind == "+":
                return term
            minus = _guarded(_GUARDED.minus, token.at)
            return lambda names: minus(term(names))
        return self.power()

    def power(self) -> Term:
        base = self.atom()
        token = self.take("**", "^")
        if token is None:
            return base
        at, power, exponent = token.at, _guarded(_GUARDED.power, token.at), self.inner(self.signed)

        def run(names: Mapping[str, Number]) -> Decimal:
            of, to = base(names), exponent(names)
            if to.copy_abs() > LIMITS.calculation_power:
                _refuse(f"A power above {LIMITS.calculation_power} is not calculated.", at)
            return power(of, to)

        return run

    def atom(self) -> Term:
        token = self.tokens[self.next]
        self.next += 1
        if token.kind == "number":
            value = _literal(token.text, token.at)
            return lambda _: value
        if token.kind == "(":
            term = self.inner(self.sum)
            self.expect(")")
            return term
        if token.kind == "name":
            return self.function(token) if self.take("(") else _named(token)
        found = repr(token.text[:40]) if token.text else "the end"
        return _refuse(f"Expected a number, a name or '(', found {found}.", token.at)

    def function(self, name: Token) -> Term:
        arguments: list[Term] = []
        while not self.take(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.inner(self.sum))
        if name.text not in _FUNCTIONS:
            known = ", ".join(sorted(_FUNCTIONS))
            _refuse(f"There is no function {name.text[:40]!r}. Known: {known}.", name.at)
        least, most, function = _FUNCTIONS[name.text]
        if not least <= len(arguments) <= most:
            wanted = "one value" if most == 1 else "one or more values" if most > 2 else "one or two values"
            _refuse(f"{name.text}() takes {wanted}, not {len(arguments)} values.", name.at)
        run = _guarded(function, name.at)
        return lambda names: run(*[argument(names) for argument in arguments])


def _operation(token: Token) -> Callable[..., Decimal]:
    run, at = _guarded(_OPERATORS[token.kind], token.at), token.at
    if token.kind not in "/%":
        return run

    def divide(left: Decimal, right: Decimal) -> Decimal:
        if right == 0:
            _refuse("Division by zero.", at)
        return run(left, right)

    return divide


def _literal(text: str, at: int) -> Decimal:
    value = _guarded(_GUARDED.create_decimal, at)(text)
    if len(text) > LIMITS.calculation_digits:
        mantissa = re.split("[eE]", text, maxsplit=1)[0]
        if len(mantissa.replace(".", "").lstrip("-0").rstrip("0")) > LIMITS.calculation_digits:
            _refuse(f"A number has at most {LIMITS.calculation_digits} digits.", at)
    return value


def _named(token: Token) -> Term:
    name, at = token.text, token.at

    def run(names: Mapping[str, Number]) -> Decimal:
        value = names.get(name)
        if type(value) is int and -_TOO_MANY_DIGITS < value < _TOO_MANY_DIGITS:  # as nearly always
            return Decimal(value)
        if value is None or isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            known = ", ".join(sorted((*names, *(f"{function}()" for function in _FUNCTIONS))))
            what = "is not a number" if name in names else "is not known"
            _refuse(f"{name[:40]!r} {what}. Known: {known}.", at)
        if isinstance(value, int):
            if abs(value) < _TOO_MANY_DIGITS:
                return Decimal(value)
            _refuse(f"{name[:40]!r} has more than {LIMITS.calculation_digits} digits.", at)
        # repr() of a double is the shortest text that means it: 0.1 stays 0.1.
        text = repr(value) if isinstance(value, float) else str(value)
        if not Decimal(text).is_finite():
            _refuse(f"{name[:40]!r} is not finite.", at)
        return _literal(text, at)

    return run


def _round(value: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    """Half away from zero, as people round: 2.675 to two places is 2.68."""
    if places != places.to_integral_value() or places.copy_abs() > LIMITS.calculation_exponent:
        raise decimal.InvalidOperation
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - finite, as every operand
    if -exponent <= places:
        return value
    step = Decimal((0, (1,), -int(places)))
    return value.quantize(step, rounding=decimal.ROUND_HALF_UP, context=_GUARDED)


def _whole(rounding: str) -> Callable[[Decimal], Decimal]:
    return lambda value: value.to_integral_value(rounding=rounding, context=_GUARDED)


_OPERATORS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": _GUARDED.add,
    "-": _GUARDED.subtract,
    "*": _GUARDED.multiply,
    "/": _GUARDED.divide,
    "%": _GUARDED.remainder,
}
_MANY = LIMITS.calculation_chars
_FUNCTIONS: dict[str, tuple[int, int, Callable[..., Decimal]]] = {
    "abs": (1, 1, _GUARDED.abs),
    "min": (1, _MANY, lambda *values: min(values)),
    "max": (1, _MANY, lambda *values: max(values)),
    "round": (1, 2, _round),
    "floor": (1, 1, _whole(decimal.ROUND_FLOOR)),
    "ceil": (1, 1, _whole(decimal.ROUND_CEILING)),
    "sqrt": (1, 1, _GUARDED.sqrt),
    "exp": (1, 1, _GUARDED.exp),
    "ln": (1, 1, _GUARDED.ln),
    "log10": (1, 1, _GUARDED.log10),
}
