"""Halves of characters: Python's texts may hold them and JSON may not, so what came in pieces is made whole here."""

from typing import Any

HIGH = ("\ud800", "\udbff")
"""The range of what is the first half of a character."""


def whole(text: str) -> str:
    """The text with halves that meet put together; one that stands alone becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def mended(value: Any) -> Any:
    """Plain JSON with every text and key whole.

    Raises:
        RecursionError: it is nested too deep.
    """
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole(key): mended(item) for key, item in value.items()}
    return [mended(item) for item in value] if isinstance(value, list) else value
