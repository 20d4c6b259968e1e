"""What makes two runs identical: canonical bytes and the hashes over them (BLAKE2b, RFC 7693)."""

from hashlib import blake2b
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and one form for each number: equal values give equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def digest(*parts: Any) -> str:
    """128 bits over the canonical form of `parts`, as hexadecimal."""
    return blake2b(canonical(parts), digest_size=16).hexdigest()


def link(before: str, body: bytes) -> str:
    """The hash of a stored row: chains `body` to the row before it, so that the log is tamper-evident."""
    return blake2b(before.encode() + body, digest_size=16).hexdigest()
