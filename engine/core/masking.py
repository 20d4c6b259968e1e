"""Takes secrets out of text and JSON wherever they would be kept or shown, also encoded: as base64, in URLs, in JSON."""

from __future__ import annotations

import base64
import html
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus

import orjson

MASK = "***"
SHORTEST = 8
"""Shorter values can't be masked: they would be found everywhere."""
LINE = 16
"""Lines of a long secret that are this long are masked by themselves: a key in PEM may come back without its frame."""


class Masker:
    """Knows every secret value that it was told, for good; safe to use from any thread."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._values: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        self._raw: tuple[bytes, ...] = ()

    def add(self, values: Iterable[str]) -> None:
        """Mask these from now on; those that are too short are left out."""
        new = {value for value in values if len(value.strip()) >= SHORTEST} - self._values
        if not new:
            return
        with self._mutex:
            self._values |= new
            forms = {form for value in self._values for form in _forms(value)}
            # The longest first, or a part of it would be masked and the rest stay.
            self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
            self._raw = tuple({_escaped(form).encode() for form in forms})

    def text(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def loads(self, raw: bytes) -> Any:
        """What this JSON says, without secrets in it."""
        value = orjson.loads(raw)
        return self._plain(value) if self._raw and self._is_in(raw) else value

    def plain(self, value: Any) -> Any:
        """The same plain JSON without secrets; keys of maps count as text."""
        with suppress(TypeError):  # what is no JSON is looked through piece by piece
            if not self._is_in(orjson.dumps(value)):
                return value
        return self._plain(value)

    def _is_in(self, raw: bytes) -> bool:
        """Whether this JSON may hold a secret: one look instead of one at each piece of it."""
        return any(form in raw for form in self._raw)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(key) if isinstance(key, str) else key: self._plain(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in value]
        if isinstance(value, int | float) and str(value) in self._values:
            return MASK
        return value

    def streaming(self) -> Streaming:
        """For text that comes in pieces, as a model's answer does."""
        return Streaming(self)

    def unfinished(self, text: str) -> int:
        """How many characters at the end may be the beginning of a secret."""
        longest = len(self._forms[0]) - 1 if self._forms else 0
        for size in range(min(longest, len(text)), 0, -1):
            if any(form.startswith(text[-size:]) for form in self._forms):
                return size
        return 0


class Streaming:
    """Holds back what may become a secret with the next piece."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown by now."""
        text = self._masker.text(self._held + piece)
        kept = self._masker.unfinished(text)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def end(self) -> str:
        """The rest."""
        rest, self._held = self._held, ""
        return self._masker.text(rest)


def _forms(value: str) -> Iterator[str]:
    """The ways in which a value may be written."""
    lines = [line.strip() for line in value.splitlines() if len(line.strip()) >= LINE]
    for plain in {value, value.strip(), *lines}:
        yield from (
            plain,
            _escaped(plain),
            json.dumps(plain)[1:-1],
            html.escape(plain),
            html.escape(plain, quote=False),
        )
        for encoded in (quote(plain, safe=""), quote(plain), quote_plus(plain)):
            yield encoded
            yield _lower_escapes(encoded)
        raw = plain.encode("utf-8", "surrogatepass")
        yield raw.hex()
        yield raw.hex().upper()
        yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[str]:
    """What base64 shows of these bytes, wherever they begin within a longer text, as in `user:password`."""
    for offset, lost in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * offset + raw).decode()
        certain = encoded[lost : 8 * (offset + len(raw)) // 6]
        if len(certain) >= SHORTEST:
            yield certain
            yield certain.replace("+", "-").replace("/", "_")


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _lower_escapes(encoded: str) -> str:
    first, *rest = encoded.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])
