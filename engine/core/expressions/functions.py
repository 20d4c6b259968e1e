"""The functions of the language: one entry each says how it is written, what it takes, gives and does."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.core.expressions import types
from engine.core.expressions.frame import Frame
from engine.core.expressions.lexer import INT_MAX, INT_MIN
from engine.core.expressions.types import Type
from engine.core.expressions.values import double_text, kind

# Unicode's White_Space, which CEL's trim() goes by; Python's own strip() takes four controls more.
_WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_INT = re.compile(r"-?[0-9]{1,30}")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_LONGEST_DOUBLE = 400
_TYPE_NAMES = {"null": "null_type"}

Kinds = tuple[str, ...]
TEXT: Kinds = ("string",)
WHOLE: Kinds = ("int",)
ITEMS: Kinds = ("list",)
ANY: Kinds = ("null", "bool", "int", "double", "string", "list", "map")


@dataclass(frozen=True, slots=True)
class Function:
    form: str
    """How it is written, for messages and completion."""
    run: Callable[..., Any]
    """Called with the frame and the values, whose kinds were checked."""
    params: tuple[Kinds, ...]
    """The kinds each takes, the receiver of a method first."""
    result: Type
    optional: int = 0
    """How many of `params`, from the last, may be left out."""
    is_global: bool = False
    is_method: bool = True

    @property
    def required(self) -> int:
        return len(self.params) - self.optional


def _size(_: Frame, value: Any) -> int:
    return len(value)


def _contains(f: Frame, text: str, part: str) -> bool:
    _search(f, text, part)
    return part in text


def _starts_with(f: Frame, text: str, part: str) -> bool:
    f.scan(len(part), f.at)
    return text.startswith(part)


def _ends_with(f: Frame, text: str, part: str) -> bool:
    f.scan(len(part), f.at)
    return text.endswith(part)


def _lower(f: Frame, text: str) -> str:
    return _ascii(f, text, bytes.lower)


def _upper(f: Frame, text: str) -> str:
    return _ascii(f, text, bytes.upper)


def _ascii(f: Frame, text: str, change: Callable[[bytes], bytes]) -> str:
    # The methods of bytes touch ASCII alone, which those of str do not.
    f.build(2 * len(text), f.at)
    return change(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _trim(f: Frame, text: str) -> str:
    f.build(4 * len(text), f.at)
    return text.strip(_WHITE_SPACE)


def _split(f: Frame, text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    _search(f, text, separator)
    most = (text.count(separator) if separator else max(len(text) - 1, 0)) + 1
    pieces = most if limit < 0 else min(most, limit)
    f.build_list(pieces, f.at)
    f.spend(pieces, f.at)
    f.build(len(text), f.at)
    if separator:
        return text.split(separator, pieces - 1)
    return [*text[: pieces - 1], text[pieces - 1 :]]


def _join(f: Frame, items: list[Any], separator: str = "") -> str:
    f.spend((len(items) >> 2) + 1, f.at)
    if not set(map(type, items)) <= {str}:
        odd = next(item for item in items if type(item) is not str)
        raise f.fault(
            f.at, f"join() takes a list of texts, this one holds {kind(odd)}. Convert it with string()."
        )
    f.build_text(sum(map(len, items)) + len(separator) * max(len(items) - 1, 0), f.at)
    return separator.join(items)


def _replace(f: Frame, text: str, old: str, new: str, limit: int = -1) -> str:
    _search(f, text, old)
    found = text.count(old)
    times = found if limit < 0 else min(found, limit)
    length = len(text) + times * (len(new) - len(old))
    f.spend(times >> 4, f.at)
    if length > len(text):
        f.build_text(length, f.at)
    f.build(len(text), f.at)
    return text.replace(old, new, times)


def _substring(f: Frame, text: str, start: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    if not 0 <= start <= last <= len(text):
        wanted = f"{start}" if end is None else f"{start} to {end}"
        raise f.fault(f.at, f"substring() from {wanted} is outside a text of {len(text)} characters.")
    f.build(last - start, f.at)
    return text[start:last]


def _index_of(f: Frame, text: str, part: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        raise f.fault(f.at, f"indexOf() from {start} is outside a text of {len(text)} characters.")
    _search(f, text, part)
    return text.find(part, start)


def _int(f: Frame, value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float:
        if math.isfinite(value) and INT_MIN < value < INT_MAX:
            return int(value)
        raise f.fault(f.at, "int() of this double does not fit into 64 bits.")
    number = int(value) if _INT.fullmatch(value) else None
    if number is None or not INT_MIN <= number <= INT_MAX:
        raise f.fault(f.at, f"int() can't read {_shown(value)} as a whole number of 64 bits.")
    return number


def _double(f: Frame, value: Any) -> float:
    if type(value) is str and (len(value) > _LONGEST_DOUBLE or not _DOUBLE.fullmatch(value)):
        raise f.fault(f.at, f"double() can't read {_shown(value)} as a number.")
    number = float(value)
    if not math.isfinite(number):
        raise f.fault(f.at, "double() of this is larger than a double can hold.")
    return number


def _string(f: Frame, value: Any) -> str:
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is float:
        return double_text(f, value, f.at)
    return str(value)


def _type(_: Frame, value: Any) -> str:
    return _TYPE_NAMES.get(kind(value), kind(value))


def _search(f: Frame, text: str, part: str) -> None:
    """Pay for the worst that Python's search can need: up to 30,000 characters it may compare each with each."""
    length, sought = len(text), len(part)
    compared = (length - sought) * sought if 1 < sought < length < 30_000 else 8 * length
    f.spend((compared >> 10) + (sought >> 8), f.at)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


FUNCTIONS: dict[str, Function] = {
    "size": Function("size(x) or x.size()", _size, (("string", "list", "map"),), types.INT, is_global=True),
    "contains": Function("x.contains(part)", _contains, (TEXT, TEXT), types.BOOL),
    "startsWith": Function("x.startsWith(part)", _starts_with, (TEXT, TEXT), types.BOOL),
    "endsWith": Function("x.endsWith(part)", _ends_with, (TEXT, TEXT), types.BOOL),
    "lowerAscii": Function("x.lowerAscii()", _lower, (TEXT,), types.STRING),
    "upperAscii": Function("x.upperAscii()", _upper, (TEXT,), types.STRING),
    "trim": Function("x.trim()", _trim, (TEXT,), types.STRING),
    "split": Function(
        "x.split(separator) or x.split(separator, limit)",
        _split,
        (TEXT, TEXT, WHOLE),
        types.list_of(types.STRING),
        optional=1,
    ),
    "join": Function("list.join() or list.join(separator)", _join, (ITEMS, TEXT), types.STRING, optional=1),
    "replace": Function(
        "x.replace(old, new) or x.replace(old, new, limit)",
        _replace,
        (TEXT, TEXT, TEXT, WHOLE),
        types.STRING,
        optional=1,
    ),
    "substring": Function(
        "x.substring(start) or x.substring(start, end)",
        _substring,
        (TEXT, WHOLE, WHOLE),
        types.STRING,
        optional=1,
    ),
    "indexOf": Function(
        "x.indexOf(part) or x.indexOf(part, start)", _index_of, (TEXT, TEXT, WHOLE), types.INT, optional=1
    ),
    "int": Function(
        "int(x)", _int, (("int", "double", "string"),), types.INT, is_global=True, is_method=False
    ),
    "double": Function(
        "double(x)", _double, (("int", "double", "string"),), types.DOUBLE, is_global=True, is_method=False
    ),
    "string": Function(
        "string(x)",
        _string,
        (("string", "bool", "int", "double"),),
        types.STRING,
        is_global=True,
        is_method=False,
    ),
    "type": Function("type(x)", _type, (ANY,), types.STRING, is_global=True, is_method=False),
}
