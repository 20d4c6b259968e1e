"""What a value looks like, told by a model or by a JSON Schema.

Checking one never leaves this process, and takes time that grows with the value and no faster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    import jsonschema_rs

SHOWN = 200
PATTERN_BYTES = 1_048_576
"""Of memory for one pattern, made ready: `.{1,500}` takes half of it."""
MANY_BYTES = 16_384
"""Of a larger value only the first fault is told: to gather all of them takes a hundred times its size."""


class Wrong(NamedTuple):
    """One fault: the keys that lead to it, a sentence's end, and pydantic's or JSON Schema's word for it."""

    keys: tuple[str | int, ...]
    message: str
    kind: str

    def __str__(self) -> str:
        return f"{'.'.join(str(key) for key in self.keys) or 'the whole'}: {self.message}"


@dataclass(frozen=True)
class Described:
    """A JSON Schema (draft 2020-12). Without `is_checked` it is only told: it may not be one that is safe to apply."""

    schema: dict[str, Any] = field(hash=False)
    is_checked: bool = True

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        from jsonschema_rs import Draft202012Validator, RegexOptions

        # This engine for patterns never backtracks, and offline no reference is looked up on the network.
        patterns = RegexOptions(size_limit=PATTERN_BYTES)
        return Draft202012Validator(self.schema, pattern_options=patterns, offline=True)

    @cached_property
    def refusal(self) -> str:
        """Why it can't be applied to anything; "" if it can."""
        from jsonschema_rs import ValidationError

        try:
            _ = self._validator
        except ValidationError as error:
            return error.message[:SHOWN]
        return ""

    def faults(self, value: Any) -> Iterator[Wrong]:
        if not self.is_checked:
            return
        if self.refusal:
            yield Wrong((), f"its schema can't be applied: {self.refusal}", "schema")
            return
        try:
            if not self._validator.is_valid(value):
                yield from map(_wrong, self._errors(value))
        except (TypeError, ValueError) as error:  # half a character, a number beyond 64 bits
            yield Wrong((), f"it is no JSON: {error}", "json")

    def _errors(self, value: Any) -> list[jsonschema_rs.ValidationError]:
        from jsonschema_rs import ValidationError

        if len(orjson.dumps(value)) <= MANY_BYTES:
            return list(self._validator.iter_errors(value))
        try:
            self._validator.validate(value)
        except ValidationError as error:
            return [error]
        return []


def _wrong(error: jsonschema_rs.ValidationError) -> Wrong:
    keys, kind = tuple(error.instance_path), error.kind.name
    if kind == "required":
        return Wrong((*keys, error.kind.as_dict()["property"]), "is missing", "missing")
    return Wrong(keys, _short(error.message), "extra_forbidden" if kind == "additionalProperties" else kind)


def _short(message: str) -> str:
    """It quotes the value at its beginning, and says at its end what is wrong."""
    return message if len(message) <= SHOWN else f"{message[: SHOWN // 2]}…{message[-SHOWN // 2 :]}"


Shape = type[BaseModel] | Described
"""A model is checked ten times as fast as a JSON Schema."""


def schema_of(shape: Shape) -> dict[str, Any]:
    """Its JSON Schema; that of a model is the caller's own, to be changed at will."""
    if isinstance(shape, Described):
        return shape.schema
    schema: dict[str, Any] = orjson.loads(_schema_json(shape))
    return schema


@lru_cache(maxsize=512)
def _schema_json(model: type[BaseModel]) -> bytes:
    """Pydantic takes half a millisecond for one, and the editor's catalogue shows them all."""
    return orjson.dumps(model.model_json_schema())


def as_shape(told: Shape | dict[str, Any]) -> Shape:
    return Described(told) if isinstance(told, dict) else told


def faults_in(shape: Shape, value: Any) -> list[Wrong]:
    """What keeps plain JSON from having the shape."""
    if isinstance(shape, Described):
        return list(shape.faults(value))
    try:
        shape.model_validate_json(orjson.dumps(value))
    except ValidationError as error:
        return wrongs_of(error)
    return []


def wrongs_of(error: ValidationError) -> list[Wrong]:
    told = error.errors(include_url=False, include_context=False, include_input=False)
    return [Wrong(item["loc"], item["msg"], item["type"]) for item in told]
