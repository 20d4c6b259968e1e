"""Templates of URLs: where a slot stands decides how it is encoded, and slots don't choose the host."""

import re
from collections.abc import Collection, Mapping

from pydantic import JsonValue

from engine.core.expressions.errors import BadExpression
from engine.core.expressions.frame import Frame
from engine.core.expressions.slots import EMPTY, Encode, Hole, Slot, path_segment, plain, query_part
from engine.core.expressions.templates import (
    Compiler,
    Render,
    Rendering,
    Template,
    check_segments,
    compile_template,
)

_ORIGIN = re.compile(r"https?://[^/?#\\]*(?=[/?#])", re.IGNORECASE)
_BASE = "\0"
"""Stands for a slot that begins the URL."""
_ANY_ORIGIN = re.compile(rf"(?:{_BASE}|https?://)[^/?#\\]*(?=[/?#])", re.IGNORECASE)
_BAD_IN_URL = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_HOST_PART = re.compile(r"[A-Za-z0-9._:-]*")


def compile_url_template(text: str, *, allow_host: bool = False) -> Template:
    """A template that renders to a URL, encoding each slot for the part that it stands in.

    Args:
        text: begins with http:// or https:// and a host, unless `allow_host`.
        allow_host: slots may give scheme, host and port: for operators who list the hosts allowed.

    Raises:
        BadExpression: a slot does not parse, or would choose scheme, host or port.
        LimitExceeded: too many slots, too long.
    """
    compiler = Compiler(Slot.URL_PATH)
    compiler.count(text, None)
    pieces = compiler.pieces(text, None)
    if EMPTY in text:
        raise BadExpression("A URL can't hold the character U+0000.")
    parts: list[str | tuple[Hole, Encode]] = []
    before = ""
    for piece in pieces:
        if isinstance(piece, str):
            before += piece
            parts.append(piece)
        else:
            parts.append((piece, _encoding(before, piece, is_all=len(pieces) == 1, allow_host=allow_host)))
            before += "x" if before else _BASE
    return Template(_rendered(parts), compiler.holes)


def compile_with_urls(value: Mapping[str, JsonValue], urls: Collection[str]) -> Template:
    """As `compile_template`, where the texts under the keys `urls` are URLs, whose hosts slots may give.

    Raises:
        BadExpression, LimitExceeded
    """
    parts: dict[str, Template] = {}
    for key, item in value.items():
        if key in urls and isinstance(item, str):
            parts[key] = compile_url_template(item, allow_host=True)
        else:
            parts[key] = compile_template(item)
    renders = {key: part.fill for key, part in parts.items()}
    holes = [hole for part in parts.values() for hole in part.holes]
    return Template(lambda rendering: {key: fill(rendering) for key, fill in renders.items()}, holes)


def gives_host(text: str) -> bool:
    """Whether a slot of this URL gives its scheme, host or port."""
    fixed, is_template, _ = text.partition("{{")
    return bool(is_template) and _ORIGIN.match(fixed) is None


def _encoding(before: str, hole: Hole, *, is_all: bool, allow_host: bool) -> Encode:
    origin = (_ANY_ORIGIN if allow_host else _ORIGIN).match(before)
    if origin is None and not allow_host:
        detail = "A slot can't give scheme, host or port: begin with https://, a host and a /."
        raise BadExpression(detail, hole.line, hole.column)
    if origin is None:
        return _host if before else plain if is_all else _base
    return query_part if re.search(r"[?#]", before[origin.end() :]) else path_segment


def _rendered(parts: list[str | tuple[Hole, Encode]]) -> Render:
    has_path = any(not isinstance(part, str) and part[1] is path_segment for part in parts)

    def render(rendering: Rendering) -> str:
        url = rendering.fill(parts)
        if not has_path:
            return url
        origin = _ORIGIN.match(url)
        return check_segments(url, origin.end() if origin else 0, "")

    return render


def _base(f: Frame, value: object) -> str:
    text = plain(f, value)
    f.scan(len(text), 0)
    if _BAD_IN_URL.search(text) or "?" in text or "#" in text:
        raise f.fault(0, "A slot that begins a URL gives scheme, host and path alone: no spaces, \\, ? or #.")
    return text


def _host(f: Frame, value: object) -> str:
    text = plain(f, value)
    if not _HOST_PART.fullmatch(text):
        raise f.fault(0, "A slot in the host of a URL gives letters, digits, dots, dashes and a port alone.")
    return text
