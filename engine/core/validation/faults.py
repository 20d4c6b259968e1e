"""Turns pydantic's errors into Problems that name the field, say what is wrong in plain words and point at it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import NoneType
from typing import Any, get_args

import orjson
from pydantic import BaseModel, ValidationError

from engine.core.document import ID_PATTERN, KEY_PATTERN

_PATTERNS = {
    ID_PATTERN: "start with a letter and go on with letters, digits and _, 64 at most",
    KEY_PATTERN: "start with a small letter and go on with small letters, digits and _, 64 at most",
    r"^[a-z]{1,20}$": "be 1 to 20 small letters",
    r"^-?[0-9]{1,50}(\.[0-9]{1,50})?$": 'be digits in a text, as "19.90"',
}


COMPARED = 200
"""With more names than this a misspelt one is not compared with each, which is slow."""
LISTED = 30


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with some data: where, as the keys that lead there, and what."""

    keys: tuple[str | int, ...]
    message: str
    kind: str

    @property
    def pointer(self) -> str:
        return pointer(self.keys)


def pointer(keys: tuple[str | int, ...]) -> str:
    """The keys as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def faults_of(error: ValidationError, model: type[BaseModel], data: Any) -> list[Fault]:
    """What is wrong with `data`, in its order; the alternatives of one place are told as one fault."""
    found: dict[tuple[str | int, ...], list[tuple[str, str]]] = {}
    for item in error.errors(include_url=False):
        keys = _keys_in(data, item["loc"], item["type"])
        found.setdefault(keys, []).append((_explain(item, keys, model), item["type"]))
    return [
        Fault(keys, f"{_name(keys)}{', or '.join(dict(told))}{_value(data, keys, told)}.", told[0][1])
        for keys, told in found.items()
    ]


def suggestion(name: str, known: Collection[str]) -> str:
    """`; did you mean …?` if something known is close to `name`."""
    if len(known) > COMPARED:
        known = []
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def known_names(names: Collection[str]) -> str:
    """`; known: …` with what there is, the first of many; nothing where there is nothing."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"; known: {', '.join(list(names)[:LISTED])}{more}" if names else ""


def shown(value: Any) -> str:
    """A value as short JSON that can be printed anywhere."""
    try:
        text = orjson.dumps(value).decode()
    except (TypeError, ValueError):
        text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _keys_in(data: Any, loc: tuple[str | int, ...], kind: str) -> tuple[str | int, ...]:
    """The part of pydantic's location that exists in `data`; it also names alternatives of unions."""
    keys: list[str | int] = []
    for place, key in enumerate(loc):
        is_list = isinstance(data, list) and isinstance(key, int) and key < len(data)
        is_map = isinstance(data, Mapping) and key in data
        if is_list or is_map:
            data = data[key]
            keys.append(key)
        elif place == len(loc) - 1 and (
            kind == "missing" or place == 0
        ):  # the first is a field, given or not
            keys.append(key)
    return tuple(keys)


def _name(keys: tuple[str | int, ...]) -> str:
    named = [str(key) for key in keys if isinstance(key, str)]
    return f"{'.'.join(named[-2:] if isinstance(keys[-1], int) else named[-1:])} " if named else ""


def _value(data: Any, keys: tuple[str | int, ...], told: list[tuple[str, str]]) -> str:
    if any(kind in ("missing", "extra_forbidden", "value_error", "too_long") for _, kind in told):
        return ""
    for key in keys:
        data = data[key]
    return f"; it is {shown(data)}"


def _explain(item: Mapping[str, Any], keys: tuple[str | int, ...], model: type[BaseModel]) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        known = _fields_at(model, keys[:-1])
        name = str(keys[-1])
        return f"is an unknown field{suggestion(name, known)}{known_names(known)}"
    explain = _WORDS.get(kind)
    return explain(context) if explain else str(item["msg"]).lower()


def _fields_at(model: type[BaseModel], keys: tuple[str | int, ...]) -> list[str]:
    for key in keys:
        if isinstance(key, str) and key in model.model_fields:
            model = next(_models_in(model.model_fields[key].annotation), model)
    return list(model.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        if part is not NoneType:
            yield from _models_in(part)


def _pattern(context: Mapping[str, Any]) -> str:
    return f"must {_PATTERNS.get(context['pattern'], 'match ' + context['pattern'])}"


def _says(text: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda context: text.format(**{name: _number(value) for name, value in context.items()})


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


_OBJECT, _LIST = _says("must be an object"), _says("must be a list")
_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": _says("is missing"),
    "string_type": _says("must be a text"),
    "int_type": _says("must be a whole number"),
    "int_from_float": _says("must be a whole number"),
    "float_type": _says("must be a number"),
    "finite_number": _says("must be a finite number"),
    "bool_type": _says("must be true or false"),
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "literal_error": _says("must be {expected}"),
    "enum": _says("must be {expected}"),
    "string_pattern_mismatch": _pattern,
    "string_too_short": _says("must have {min_length} or more characters"),
    "string_too_long": _says("must have at most {max_length} characters"),
    "too_long": _says("must have at most {max_length} items"),
    "too_short": _says("must have {min_length} or more items"),
    "greater_than": _says("must be more than {gt}"),
    "greater_than_equal": _says("must be {ge} or more"),
    "less_than": _says("must be less than {lt}"),
    "less_than_equal": _says("must be at most {le}"),
    "value_error": lambda context: str(context["error"]),
}
