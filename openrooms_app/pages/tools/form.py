"""A form made from the JSON Schema of a tool's parameters, and the arguments made from the form."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from engine.core.errors import InvalidInput
from openrooms_app.arguments import is_ticked, text_in

LONG: Final = 200
"""Texts that may be longer get several lines."""
PREFIX: Final = "argument-"
"""Before the names in the form: they must not collide with its own fields."""

_PLAIN: Final = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}


def fields_of(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One for each parameter: {name, kind, label, type, hint, required, default, choices}.

    `kind` is text, area, integer, number, boolean, choice or json; `default` is text, as it stands in the form.
    """
    required = set(schema.get("required", ()))
    return [
        _field(name, inner, schema, is_required=name in required)
        for name, inner in schema.get("properties", {}).items()
    ]


def arguments_of(form: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """What the form says; a field that is left empty and not required is left out.

    Raises:
        InvalidInput: a field holds no number or no JSON where one is wanted.
    """
    return {name: value for field in fields_of(schema) for name, value in _given(form, field)}


def _field(
    name: str, inner: Mapping[str, Any], schema: Mapping[str, Any], is_required: bool
) -> dict[str, Any]:
    meant = _meant(inner, schema)
    kind = _kind(meant)
    default = meant.get("default", inner.get("default"))
    return {
        "name": name,
        "kind": kind,
        "label": str(inner.get("title") or name.replace("_", " ").capitalize()),
        "type": _type_name(meant),
        "hint": str(inner.get("description") or meant.get("description") or ""),
        "required": is_required,
        "default": as_text(default, kind),
        "choices": [{"value": str(each), "text": str(each)} for each in meant.get("enum", ())],
    }


def _meant(inner: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference, or behind "this or null"."""
    if reference := inner.get("$ref"):
        return schema.get("$defs", {}).get(str(reference).rpartition("/")[2], {})
    others = [each for each in inner.get("anyOf", ()) if each.get("type") != "null"]
    return _meant(others[0], schema) if len(others) == 1 else inner


def _kind(meant: Mapping[str, Any]) -> str:
    if all(isinstance(each, str) for each in meant.get("enum", ())) and meant.get("enum"):
        return "choice"
    kind = _PLAIN.get(str(meant.get("type")), "json")
    is_long = "pattern" not in meant and meant.get("maxLength", LONG + 1) > LONG
    return "area" if kind == "text" and is_long else kind


def _type_name(meant: Mapping[str, Any]) -> str:
    if "enum" in meant:
        return "one of " + ", ".join(str(each) for each in meant["enum"])
    if "anyOf" in meant:
        return " or ".join(str(each.get("type", "any")) for each in meant["anyOf"])
    return str(meant.get("type", "any JSON"))


def as_text(default: Any, kind: str) -> str:
    if default is None:
        return ""
    return default if isinstance(default, str) and kind != "json" else orjson.dumps(default).decode()


def _given(form: Any, field: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    name, kind = field["name"], field["kind"]
    if kind == "boolean":
        yield name, is_ticked(form, PREFIX + name)
        return
    text = text_in(form, PREFIX + name)
    if text.strip() or (field["required"] and kind in {"text", "area"}):
        yield name, _value(field, text)


def _value(field: Mapping[str, Any], text: str) -> Any:
    if field["kind"] in {"text", "area", "choice"}:
        return text
    wanted = {"integer": "a whole number", "number": "a number"}.get(field["kind"], "JSON")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        hint = ' Text stands in double quotes, as in "hello".' if field["kind"] == "json" else ""
        raise InvalidInput(f"{field['label']} must be {wanted}; {text[:60]!r} is not.{hint}") from error
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if field["kind"] != "json" and not is_number:
        raise InvalidInput(f"{field['label']} must be {wanted}; {text[:60]!r} is not.")
    return value
