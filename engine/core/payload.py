"""What other programs send, as a value: JSON strictly read, a form as its fields, text as it is."""

from urllib.parse import parse_qsl

from pydantic import JsonValue

from engine.core.errors import InvalidInput, OpenRoomsError
from engine.core.parsing import parse_json
from engine.core.source_text import TooLarge

MAX_BYTES = 1_000_000
MAX_FIELDS = 1_000
MAX_DEPTH = 64
NUL = "The body holds a NUL, which is no text."


class UnknownMediaType(OpenRoomsError):
    code = "unsupported_media_type"

    def __init__(self, given: str) -> None:
        super().__init__(
            f"The body's Content-Type is {given[:80]!r}; send JSON, a form (urlencoded) or plain text."
        )


def payload_of(media_type: str, body: bytes) -> JsonValue:
    """The body's value, None for an empty one; a field of a form that comes several times is a list.

    Raises:
        MalformedJson, InvalidInput, UnknownMediaType, TooLarge
    """
    if len(body) > MAX_BYTES:
        raise TooLarge(f"The body takes {len(body):,} bytes; {MAX_BYTES:,} are the most.")
    if not body:
        return None
    if media_type == "application/json" or media_type.endswith("+json"):
        return parse_json(body, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    text = _text(body)
    if media_type == "application/x-www-form-urlencoded":
        return _form(text)
    if media_type in {"", "text/plain"}:
        return text
    raise UnknownMediaType(media_type)


def _text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise InvalidInput("The body is no UTF-8 text.") from None
    if "\0" in text:
        raise InvalidInput(NUL)
    return text


def _form(text: str) -> JsonValue:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise InvalidInput(f"The body is no form, or one of more than {MAX_FIELDS:,} fields.") from None
    if any("\0" in part for pair in pairs for part in pair):
        raise InvalidInput(NUL)
    fields: dict[str, JsonValue] = {}
    for name, value in pairs:
        before = fields.get(name)
        if before is None:
            fields[name] = value
        else:
            fields[name] = [*before, value] if isinstance(before, list) else [before, value]
    return fields
