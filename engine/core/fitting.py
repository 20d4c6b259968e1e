"""Draws a value that fits a JSON Schema from a seed: the same schema, seed and text give the same value."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

from engine.core.errors import OpenRoomsError

MAX_DEPTH = 32
MAX_VALUES = 10_000
SHALLOW = 5
"""Deeper than this only what must be there is drawn, so that schemas of trees come to an end."""
MAX_ITEMS = 3
"""Lists are drawn no longer than this, unless the schema wants more."""

FORMATS = {
    "date": "2024-02-{day:02}",
    "time": "12:{minute:02}:00Z",
    "date-time": "2024-02-{day:02}T12:{minute:02}:00Z",
    "duration": "P{day}D",
    "email": "user{number}@example.com",
    "hostname": "host{number}.example.com",
    "uri": "https://example.com/{number}",
    "ipv4": "192.0.2.{day}",
    "ipv6": "2001:db8::{day}",
    "uuid": "00000000-0000-4000-8000-{number:012}",
}


class CannotFit(OpenRoomsError):
    """The schema asks for something that is not drawn here."""

    code = "cannot_fit_schema"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"No value can be made up for {path or 'the schema'}: {reason}.")


def fit(schema: Mapping[str, Any], seed: str, text: str) -> Any:
    """A value for `schema`; free strings hold `text`, all else follows from `seed`.

    Covers type, enum, const, properties, items, bounds and lengths, format, local $ref, allOf, anyOf
    and oneOf. What it does not cover, as `pattern`, may give a value that does not fit: validate it.

    Raises:
        CannotFit: the schema contradicts itself or refers to itself without end.
    """
    return _Drawing(schema, seed, text).value(schema, "", 0)


class _Drawing:
    def __init__(self, root: Mapping[str, Any], seed: str, text: str) -> None:
        self.root = root
        self.seed = seed
        self.text = text
        self.values = 0

    def draw(self, path: str, below: int) -> int:
        digest = hashlib.blake2b(f"{self.seed}\n{path}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) % below

    def value(self, schema: Any, path: str, depth: int) -> Any:
        self.values += 1
        if depth > MAX_DEPTH or self.values > MAX_VALUES:
            raise CannotFit(path[:200], f"it has more than {MAX_VALUES} values or {MAX_DEPTH} levels")
        if not isinstance(schema, Mapping):
            return None
        schema = self.resolved(schema, path)
        if "const" in schema:
            return schema["const"]
        if choices := schema.get("enum"):
            return choices[self.draw(path, len(choices))]
        match self.kind(schema, path):
            case "object":
                return self.object(schema, path, depth)
            case "array":
                return self.array(schema, path, depth)
            case "string":
                return self.string(schema, path)
            case "integer":
                return self.integer(schema, path)
            case "number":
                return self.number(schema, path)
            case "boolean":
                return self.draw(path, 2) == 1
        return None

    def resolved(self, schema: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The schema with its references, `allOf` and one choice of `anyOf` and `oneOf` merged into it."""
        merged = dict(schema)
        for _ in range(MAX_DEPTH):
            parts = []
            if "$ref" in merged:
                parts.append(self.referred(merged.pop("$ref"), path))
            parts += merged.pop("allOf", [])
            for name in ("anyOf", "oneOf"):
                if choices := merged.pop(name, None):
                    parts.append(choices[self.draw(f"{path}/{name}", len(choices))])
            if not parts:
                return merged
            for part in parts:
                merged = _merged(merged, part)
        raise CannotFit(path[:200], "its references go round in a circle")

    def referred(self, ref: str, path: str) -> Any:
        found: Any = self.root
        for part in ref.removeprefix("#").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise CannotFit(path, f"it refers to {ref!r}, which is not there")
            found = found[name]
        if not ref.startswith("#"):
            raise CannotFit(path, f"it refers to {ref!r}, outside of itself")
        return found

    def kind(self, schema: Mapping[str, Any], path: str) -> str:
        kind = schema.get("type")
        if isinstance(kind, list) and kind:
            known = [one for one in kind if one != "null"] or kind
            return str(known[self.draw(f"{path}/type", len(known))])
        if kind is not None:
            return str(kind)
        if "properties" in schema:
            return "object"
        return "array" if "items" in schema else "string"

    def object(self, schema: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
        """Every property that is named, so that whoever reads the answer finds them all."""
        inner = dict(schema.get("properties", {}))
        required = list(schema.get("required", ()))
        for name in required:
            inner.setdefault(name, schema.get("additionalProperties", {}))
        names = required if depth > SHALLOW else list(inner)
        return {name: self.value(inner[name], f"{path}/{name}", depth + 1) for name in names}

    def array(self, schema: Mapping[str, Any], path: str, depth: int) -> list[Any]:
        fixed = list(schema.get("prefixItems", ()))
        least = max(int(schema.get("minItems", 1 if depth < SHALLOW else 0)), len(fixed))
        most = int(schema.get("maxItems", max(MAX_ITEMS, least)))
        length = min(least + (self.draw(f"{path}/length", MAX_ITEMS) if depth < SHALLOW else 0), most)
        parts = [*fixed, *[schema.get("items", {})] * (length - len(fixed))][:length]
        found = [self.value(part, f"{path}/{place}", depth + 1) for place, part in enumerate(parts)]
        if schema.get("uniqueItems"):
            found = [item for place, item in enumerate(found) if item not in found[:place]]
        return found

    def string(self, schema: Mapping[str, Any], path: str) -> str:
        form = FORMATS.get(schema.get("format", ""))
        if form:
            number = self.draw(path, 1000)
            return form.format(day=number % 28 + 1, minute=number % 60, number=number)
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 200))
        text = self.text or path.rpartition("/")[2] or "text"
        return text[:most].ljust(least, ".")

    def integer(self, schema: Mapping[str, Any], path: str) -> int:
        low, high = _bounds(schema, 0, 10, step=1)
        step = schema.get("multipleOf", 1)
        first, last = math.ceil(low / step), math.floor(high / step)
        if last < first:
            raise CannotFit(path, "there is no whole number between its bounds")
        return int((first + self.draw(path, last - first + 1)) * step)

    def number(self, schema: Mapping[str, Any], path: str) -> float:
        low, high = _bounds(schema, 0, 1, step=0)
        if high < low:
            raise CannotFit(path, "there is no number between its bounds")
        if step := schema.get("multipleOf"):
            return float((math.ceil(low / step) + self.draw(path, int((high - low) // step) + 1)) * step)
        # Strictly between the ends, so that exclusive bounds hold too.
        return float(low) if low == high else round(low + (high - low) * (1 + self.draw(path, 99)) / 100, 6)


def _bounds(schema: Mapping[str, Any], low: float, width: float, *, step: int) -> tuple[float, float]:
    lows = [
        schema[name] + extra for name, extra in (("minimum", 0), ("exclusiveMinimum", step)) if name in schema
    ]
    highs = [
        schema[name] - extra for name, extra in (("maximum", 0), ("exclusiveMaximum", step)) if name in schema
    ]
    top = min(highs) if highs else None
    bottom = max(lows) if lows else (low if top is None or top >= low else top - width)
    return bottom, bottom + width if top is None else top


def _merged(one: Mapping[str, Any], other: Any) -> dict[str, Any]:
    """Both schemas in one; where they differ, properties and required names add up, else `other` wins."""
    if not isinstance(other, Mapping):
        return dict(one)
    merged = {**one, **other}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = list(dict.fromkeys([*one["required"], *other["required"]]))
    return merged
