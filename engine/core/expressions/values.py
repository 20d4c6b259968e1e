"""JSON values as expressions see them: kinds, equality, size, text. bool is no number; nothing is coerced."""

import math
from collections.abc import Mapping
from typing import Any

import orjson

from engine.core.expressions.errors import LimitExceeded
from engine.core.expressions.frame import Frame
from engine.core.expressions.lexer import INT_MAX, INT_MIN
from engine.core.expressions.limits import LIMITS

KINDS: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "double",
    str: "string",
    list: "list",
    dict: "map",
}
NUMBERS = frozenset({int, float})
AS_READ = frozenset(KINDS) - {int}
"""What needs no look by `admit`."""
_LEAVES = frozenset({bool, type(None)})
_LONGEST_NUMBER = 26
_LONGEST_ESCAPE = 6


def kind(value: Any) -> str:
    return KINDS.get(type(value), "unknown")


def admit(f: Frame, value: Any, at: int) -> Any:
    """A value from outside as one of the seven kinds; enumerations and other mappings are taken for what they are."""
    if type(value) in AS_READ:
        return value
    if isinstance(value, int):
        if INT_MIN <= value <= INT_MAX:
            return value if type(value) is int else int(value)
        raise f.fault(at, "This whole number does not fit into 64 bits.")
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping | list | tuple):
        f.spend(len(value) >> 3, at)
        return dict(value) if isinstance(value, Mapping) else list(value)
    raise f.fault(at, f"This is not a JSON value: {type(value).__name__}.")


def whole(f: Frame, value: Any, at: int, what: str) -> int:
    """A whole number, also one written as a double: JSON has one kind of number."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise f.fault(at, f"{what} must be a whole number, not {kind(value)}.")


def equal(f: Frame, left: Any, right: Any, at: int, depth: int = 1) -> bool:
    """Equal as JSON: 1 == 1.0, never true == 1; unlike kinds are unequal. Paid for by size."""
    if left is right:
        return True
    kind_left, kind_right = type(left), type(right)
    if kind_left is not kind_right:
        return kind_left in NUMBERS and kind_right in NUMBERS and bool(left == right)
    if kind_left is str:
        if len(left) != len(right):
            return False
        f.scan(len(left), at)
        return bool(left == right)
    if kind_left is not list and kind_left is not dict:
        return bool(left == right)
    if len(left) != len(right):
        return False
    if depth > LIMITS.data_depth:
        raise f.too_large(at, f"data more than {LIMITS.data_depth} levels deep")
    f.spend(len(left), at)
    if kind_left is list:
        return all(equal(f, a, b, at, depth + 1) for a, b in zip(left, right, strict=True))
    return all(key in right and equal(f, a, right[key], at, depth + 1) for key, a in left.items())


def check(f: Frame, value: Any, at: int) -> None:
    """Whether `value` may leave an expression: finite numbers, whole characters, within every limit of size."""
    if type(value) is str:
        if utf8_size(f, value, at) > LIMITS.result_text_bytes:
            raise f.too_large(at, f"a text longer than {LIMITS.result_text_bytes} bytes")
    elif type(value) is list or type(value) is dict:
        _Scale(f, at).weigh(value)
    elif type(value) is float and not math.isfinite(value):
        raise f.fault(at, "This number is not finite.")


def utf8_size(f: Frame, text: str, at: int) -> int:
    if text.isascii():
        return len(text)
    f.scan(len(text), at)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise f.fault(at, "The text holds half a character (a lone surrogate).") from None


def json_text(f: Frame, value: Any, at: int) -> str:
    """Compact JSON, in the order of the keys."""
    check(f, value, at)
    encoded = orjson.dumps(value)
    f.build(len(encoded), at)
    return encoded.decode()


def text_of(f: Frame, value: Any, at: int) -> str:
    """What a template shows: null as nothing, texts as they are, maps and lists as compact JSON."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is float:
        return double_text(f, value, at)
    return json_text(f, value, at)


def double_text(f: Frame, value: float, at: int) -> str:
    """The shortest text that reads back as the same double; whole ones without `.0`."""
    if not math.isfinite(value):
        raise f.fault(at, "This number is not finite.")
    return repr(value).removesuffix(".0")


class _Scale:
    """Weighs lists and maps. A list may hold one thing many times, so the walk itself is paid for."""

    def __init__(self, f: Frame, at: int) -> None:
        self.f = f
        self.at = at

    def weigh(self, value: Any) -> None:
        f, nodes, chars, depth, level = self.f, 1, 0, 0, [value]
        while level:
            depth += 1
            if depth > LIMITS.data_depth:
                raise f.too_large(self.at, f"data more than {LIMITS.data_depth} levels deep")
            below: list[Any] = []
            for container in level:
                nodes += len(container)
                f.left -= (len(container) >> 3) + 1
                if type(container) is dict:
                    f.left -= 1
                    chars += self.keys(container)
                elif len(container) > LIMITS.list_items:
                    raise f.too_large(self.at, f"a list of more than {LIMITS.list_items} items")
                if f.left < 0:
                    raise f.exhausted(self.at)
                for item in container.values() if type(container) is dict else container:
                    item_kind = type(item)
                    if item_kind is str:
                        chars += len(item) if item.isascii() else utf8_size(f, item, self.at)
                    elif item_kind is dict or item_kind is list:
                        below.append(item)
                    elif item_kind not in _LEAVES:
                        self.number(item)
                # Each item takes a character and a comma at least.
                if 2 * nodes - 1 + chars > LIMITS.value_bytes:
                    raise self.too_heavy()
            level = below
        most = nodes * _LONGEST_NUMBER + chars * _LONGEST_ESCAPE
        if most > LIMITS.value_bytes and len(orjson.dumps(value)) > LIMITS.value_bytes:
            raise self.too_heavy()

    def keys(self, container: dict[str, Any]) -> int:
        try:
            keys = "".join(container)
        except TypeError:
            raise self.f.fault(self.at, "A key of this map is not a text.") from None
        return len(keys) if keys.isascii() else utf8_size(self.f, keys, self.at)

    def number(self, item: Any) -> None:
        if type(item) is float:
            if not math.isfinite(item):
                raise self.f.fault(self.at, "A number in this value is not finite.")
        elif type(item) is int:
            if not INT_MIN <= item <= INT_MAX:
                raise self.f.fault(self.at, "A whole number in this value does not fit into 64 bits.")
        else:
            raise self.f.fault(self.at, f"This holds something that is not JSON: {type(item).__name__}.")

    def too_heavy(self) -> LimitExceeded:
        return self.f.too_large(self.at, f"a value of more than {LIMITS.value_bytes} bytes of JSON")
