"""What makes two runs identical: canonical bytes and the hashes over them (BLAKE2b, RFC 7693)."""

from hashlib import blake2b
from typing import Any

import orjson

_PIECE = 2_000


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and one form for each number: equal values give equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def digest(*parts: Any) -> str:
    """128 bits over the canonical form of `parts`, as hexadecimal."""
    return blake2b(canonical(parts), digest_size=16).hexdigest()


def link(before: str, body: bytes) -> str:
    """The hash of a stored row: chains `body` to the row before it, so that the log is tamper-evident."""
    found = blake2b(before.encode(), digest_size=16)
    # In pieces for which hashlib keeps the interpreter's lock: giving it up among busy threads costs milliseconds.
    for start in range(0, len(body), _PIECE):
        found.update(body[start : start + _PIECE])
    return found.hexdigest()
