"""Types known before anything runs: from a JSON Schema, or inferred; `dyn` where nothing is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.core.expressions.limits import LIMITS

_NUMBERS = frozenset({"int", "double"})


@dataclass(frozen=True, slots=True)
class Type:
    kind: str
    """dyn, null, bool, int, double, number (one of the two), string, list or map."""
    item: "Type | None" = None
    """Of a list, if known."""
    fields: "Mapping[str, Type] | None" = None
    """Of a map, if known."""
    is_closed: bool = False
    """A map that has no other keys than `fields`."""

    def __str__(self) -> str:
        return f"list[{self.item}]" if self.kind == "list" and self.item else self.kind

    def could_be(self, *kinds: str) -> bool:
        """Whether a value of this type may be of one of the kinds; `number` stands for both of its own."""
        wanted = {"int", "double", "number", *kinds} if "number" in kinds else {*kinds}
        return (
            self.kind == "dyn" or self.kind in wanted or (self.kind == "number" and bool(wanted & _NUMBERS))
        )

    @property
    def is_number(self) -> bool:
        return self.kind in ("int", "double", "number")


TypeEnv: TypeAlias = Mapping[str, Type]
"""The types of the top-level names; a name that is not there is dyn."""

DYN, NULL, BOOL, INT = Type("dyn"), Type("null"), Type("bool"), Type("int")
DOUBLE, NUMBER, STRING, LIST, MAP = Type("double"), Type("number"), Type("string"), Type("list"), Type("map")

_SCALARS = {"null": NULL, "boolean": BOOL, "integer": INT, "number": NUMBER, "string": STRING}


def list_of(item: Type) -> Type:
    return Type("list", item=item)


def map_of(fields: Mapping[str, Type], *, is_closed: bool = True) -> Type:
    return Type("map", fields=fields, is_closed=is_closed)


def either(left: Type, right: Type) -> Type:
    """What is known of a value that is one of the two."""
    if left == right:
        return left
    if left.is_number and right.is_number:
        return NUMBER
    if left.kind != right.kind:
        return DYN
    if left.kind == "list":
        return list_of(either(left.item or DYN, right.item or DYN))
    return MAP if left.kind == "map" else DYN


def type_of_schema(schema: Mapping[str, Any] | bool, depth: int = 0) -> Type:
    """What a JSON Schema says for certain; what it leaves open, or says in a roundabout way, is dyn."""
    if not isinstance(schema, Mapping) or depth > LIMITS.data_depth:
        return DYN
    said = schema.get("type")
    if isinstance(said, list):
        return NUMBER if said and all(one in ("integer", "number") for one in said) else DYN
    if said == "array":
        items = schema.get("items", True)
        return list_of(type_of_schema(items, depth + 1) if isinstance(items, Mapping) else DYN)
    if said == "object":
        properties = schema.get("properties", {})
        if not isinstance(properties, Mapping):
            return MAP
        fields = {key: type_of_schema(below, depth + 1) for key, below in properties.items()}
        is_closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
        return map_of(fields, is_closed=is_closed)
    return _SCALARS.get(said, DYN) if isinstance(said, str) else DYN
