"""What comes from the wire, made what it should be: anybody can send any event with any arguments."""

from collections.abc import Mapping
from typing import Any, Final

from engine.core.errors import InvalidInput
from engine.core.times import parse_rfc3339

MAX_ID: Final = 64
MAX_TEXT: Final = 1_000_000


def an_id(value: Any) -> str:
    """
    Raises:
        InvalidInput: it is no text that could be an id.
    """
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ID or not value.isprintable():
        raise InvalidInput("This is not the id of anything here. Load the page anew and try again.")
    return value


def text_in(form: Any, name: str) -> str:
    """The text of a field in a form that was sent; empty when there is none.

    Raises:
        InvalidInput: the text is too long for any field.
    """
    value = form.get(name) if isinstance(form, dict) else None
    if not isinstance(value, str):
        return ""
    if len(value) > MAX_TEXT:
        raise InvalidInput(f"The field {name!r} holds {len(value):,} characters; {MAX_TEXT:,} are the most.")
    return value


def moment_in(query: Mapping[str, str], name: str) -> int | None:
    """The time of a filter in a page's address, in microseconds; None where there is none.

    Raises:
        InvalidInput: it is no RFC 3339 time.
    """
    try:
        return parse_rfc3339(query[name]) if name in query else None
    except ValueError as error:
        raise InvalidInput(f"{error}.") from error


def is_ticked(form: Any, name: str) -> bool:
    """Whether the form was sent with that box ticked."""
    return isinstance(form, dict) and form.get(name) in (True, "on", "true")
