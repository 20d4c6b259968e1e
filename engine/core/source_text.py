"""Text from outside before it is parsed: its size, its encoding, and the errors that say what can't be read."""

from __future__ import annotations

from typing import Any

from engine.core.errors import OpenRoomsError


class MalformedJson(OpenRoomsError):
    """It can't be read at all. `pointer` is the JSON pointer of the place, where there is one."""

    code = "malformed_json"

    def __init__(
        self, detail: str, line: int = 1, column: int = 1, pointer: str = "", language: str = "JSON"
    ):
        at = f" ({pointer})" if pointer else ""
        super().__init__(f"This {language} can't be read: line {line}, column {column}{at}: {detail}.")
        self.detail = detail
        self.line = line
        self.column = column
        self.pointer = pointer

    @property
    def extra(self) -> dict[str, Any]:
        return {"line": self.line, "column": self.column, "pointer": self.pointer}


class TooLarge(OpenRoomsError):
    """It is larger or deeper than a document may be."""

    code = "too_large"


def text_of(source: bytes | str, max_bytes: int, language: str) -> str:
    """`source` as text: UTF-8, without a byte order mark, of bounded size.

    Raises:
        MalformedJson: it is no UTF-8, or begins with a byte order mark.
        TooLarge: more bytes than allowed.
    """
    size = len(source)
    if isinstance(source, str):
        size = len(source.encode("utf-8", "surrogatepass")) if size <= max_bytes else size
    if size > max_bytes:
        raise TooLarge(f"This {language} has {size:,} bytes; at most {max_bytes:,} are allowed.")
    try:
        text = source if isinstance(source, str) else source.decode()
    except UnicodeDecodeError as error:
        before = source[: error.start].decode(errors="replace")  # type: ignore[union-attr]
        detail = "these bytes are no UTF-8: save the text as UTF-8"
        raise MalformedJson(detail, *position(before, len(before)), language=language) from None
    if text.startswith("\ufeff"):
        raise MalformedJson("it begins with a byte order mark: save it without one", language=language)
    return text


def position(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of the offset `at`."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
