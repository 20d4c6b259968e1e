"""An entry of the audit log, chained to the one before: who changes or removes one breaks the chain."""

import hashlib
from typing import Any

import orjson

from engine.core.document import Frozen
from engine.core.instant import Instant


class AuditEntry(Frozen):
    id: int
    at: Instant
    user_id: str | None
    user_name: str | None = None
    """The name it has now; None for the operator, and for who was nobody."""
    action: str
    target: str
    target_name: str | None = None
    """What the target was called then, whatever it is called now; None where `target` says it already."""
    detail: dict[str, Any]


def chained_hash(before: str, at_us: int, fields: tuple[str | None, ...]) -> str:
    """The hash of an entry whose predecessor has the hash `before`, in hexadecimal."""
    return hashlib.sha256(orjson.dumps([before, at_us, *fields])).hexdigest()
