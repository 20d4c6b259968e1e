"""A program's key: `or_<8 letters>_<32 letters>`, of which the first part names it and may be shown."""

import re

from engine.core.document import Frozen
from engine.core.identity import Scope, User, covers
from engine.core.instant import Instant

ID_LETTERS, SECRET_LETTERS = 8, 32
SHAPE = re.compile(rf"or_([A-Za-z0-9]{{{ID_LETTERS}}})_[A-Za-z0-9]{{{SECRET_LETTERS}}}", re.ASCII)


class ApiKey(Frozen):
    """`id` is the key's own first part; `used_at` may be a minute late."""

    id: str
    name: str
    user_id: str
    user_name: str
    scopes: tuple[Scope, ...]
    created_at: Instant
    expires_at: Instant | None = None
    used_at: Instant | None = None
    revoked_at: Instant | None = None


class MadeKey(ApiKey):
    """`key` is shown this once: only its hash is kept."""

    key: str


class NewKey(Frozen):
    name: str
    scopes: tuple[Scope, ...]
    expires_in_days: int | None = None


class Holder(Frozen):
    """Who comes with a key: its owner, with no higher role than the key's scopes are worth."""

    key_id: str
    user: User
    scopes: tuple[Scope, ...]

    def may(self, needed: Scope) -> bool:
        return covers(self.scopes, needed)


def id_of(key: str) -> str | None:
    """The id that the key names, None if it is no key at all."""
    match = SHAPE.fullmatch(key)
    return match[1] if match else None
