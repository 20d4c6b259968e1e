"""One HTTP call and its answer as plain values, and how much of an answer is taken."""

from dataclasses import dataclass

OURS = frozenset(
    [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "accept-encoding",
        "proxy-authorization",
        "proxy-connection",
    ]
)
"""Headers that steer the connection itself."""


@dataclass(frozen=True, slots=True)
class Caps:
    wire_bytes: int = 5_000_000
    decoded_bytes: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    body: bytes
    """Decoded: a content encoding is undone."""
    url: str
    """Where it came from in the end."""
    redirects: int
