"""What a value looks like, told by a model or by a JSON Schema; checking one never leaves this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel, ValidationError

SHOWN = 200


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
    def _validator(self) -> Any:
        import jsonschema
        from referencing import Registry

        # With a registry of its own it looks no reference up on the network.
        return jsonschema.Draft202012Validator(self.schema, registry=Registry())

    def faults(self, value: Any) -> Iterator[Wrong]:
        from referencing.exceptions import Unresolvable

        if not self.is_checked:
            return
        try:
            for error in self._validator.iter_errors(value):
                keys = tuple(error.absolute_path)
                if error.validator == "required":
                    missing = error.message.split("'")[1:2] or [""]
                    yield Wrong((*keys, *missing), "is missing", "missing")
                else:
                    kind = "extra_forbidden" if error.validator == "additionalProperties" else error.validator
                    yield Wrong(keys, error.message[:SHOWN], str(kind))
        except Unresolvable as error:
            yield Wrong((), f"its schema refers to {error.ref!r}, which is not there", "ref")


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
