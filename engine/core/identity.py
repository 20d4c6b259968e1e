"""Users and their roles: who may look, who may change and run, who rules; and what a program may with a key."""

import unicodedata
from enum import StrEnum

from engine.core.document import Frozen
from engine.core.errors import InvalidInput
from engine.core.instant import Instant

MAX_NAME = 100


class Role(StrEnum):
    VIEWER = "viewer"
    """Sees everything, changes nothing."""
    EDITOR = "editor"
    """Draws, publishes, runs and answers."""
    ADMIN = "admin"
    """Rules over users and settings besides."""

    def allows(self, needed: "Role") -> bool:
        return _RANK[self] >= _RANK[needed]


_RANK = {Role.VIEWER: 0, Role.EDITOR: 1, Role.ADMIN: 2}


class Scope(StrEnum):
    """What an API key is good for. Each reads besides, and `admin` holds all others."""

    READ = "read"
    RUN = "run"
    """Starts, steers and answers runs."""
    EDIT = "edit"
    """Draws, publishes, makes rooms."""
    ADMIN = "admin"

    @property
    def role(self) -> Role:
        """The least role whose owner may give it to a key."""
        return {Scope.READ: Role.VIEWER, Scope.ADMIN: Role.ADMIN}.get(self, Role.EDITOR)


def covers(scopes: tuple[Scope, ...], needed: Scope) -> bool:
    return needed in scopes or Scope.ADMIN in scopes or (needed is Scope.READ and bool(scopes))


class User(Frozen):
    id: str
    name: str
    role: Role
    active: bool = True
    created_at: Instant = 0


def clean_user_name(name: str) -> str:
    """The name without space around it.

    Raises:
        InvalidInput: it is empty, too long, or holds characters that nobody can see.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or len(name_key(name)) > MAX_NAME:
        raise InvalidInput(f"A user's name has 1 to {MAX_NAME} visible characters; {name[:40]!r} has not.")
    return name


def name_key(name: str) -> str:
    """What two names share that people take for the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
