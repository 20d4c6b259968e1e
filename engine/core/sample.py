"""The smallest value that fits a JSON Schema: its defaults, examples and first choices."""

from typing import Any

_EMPTY: dict[str, Any] = {
    "string": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
    "array": [],
    "null": None,
}


def sample(schema: Any) -> Any:
    """A value for a form that nobody filled in; an empty object where there is no schema."""
    if not isinstance(schema, dict):
        return {}
    for name in ("default", "const"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = set(schema.get("required", ()))
        return {
            name: sample(inner)
            for name, inner in properties.items()
            if name in wanted or (isinstance(inner, dict) and "default" in inner)
        }
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 0), 0)
    if kind == "string":
        return "x" * int(schema.get("minLength", 0))
    return _EMPTY.get(kind)


def with_defaults(value: Any, schema: Any) -> Any:
    """An object completed by the defaults of its schema's properties; anything else as it is."""
    if not isinstance(value, dict) or not isinstance(schema, dict):
        return value
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return value
    missing = {
        name: inner["default"]
        for name, inner in properties.items()
        if name not in value and isinstance(inner, dict) and "default" in inner
    }
    return {**value, **missing}
