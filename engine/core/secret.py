"""A secret as everybody may see it: its name. How a document refers to one, and what stands in its place on record."""

import re
from typing import Any

from engine.core.document import KEY_PATTERN, RESERVED_NAMES, Frozen
from engine.core.errors import InvalidInput
from engine.core.instant import Instant
from engine.core.masking import SHORTEST

LONGEST = 65_536
SCOPE = "secrets"
"""The name in scope of expressions."""
REFERENCE = re.compile(r"secrets\.([a-z][a-z0-9_]{0,63})")
"""All that an expression may do with a secret: name it."""


class Secret(Frozen):
    name: str
    created_at: Instant
    updated_at: Instant
    created_by: str | None


class References(dict[str, str]):
    """`secrets` in scope of the transition function: each one reads as its own reference, which is what is recorded."""

    def __missing__(self, name: str) -> str:
        return f"{{{{ secrets.{name} }}}}"


REFERENCES = References()


def clean_name(name: str) -> str:
    """
    Raises:
        InvalidInput
    """
    if not re.fullmatch(KEY_PATTERN, name) or name in RESERVED_NAMES:
        raise InvalidInput(
            f"{name[:80]!r} is no name for a secret: start with a small letter and go on with small letters, digits and _."
        )
    return name


def clean_value(value: Any) -> str:
    """
    Raises:
        InvalidInput: it is no text that can be masked and sent.
    """
    if not isinstance(value, str) or len(value.strip()) < SHORTEST or len(value) > LONGEST:
        raise InvalidInput(
            f"A secret has {SHORTEST} to {LONGEST} characters: shorter ones could not be masked where they come back."
        )
    if any("\ud800" <= char <= "\udfff" or char == "\0" for char in value):
        raise InvalidInput("A secret is Unicode text without NUL characters.")
    return value


def secret_names(reads: frozenset[str] | set[str]) -> frozenset[str]:
    """The secrets among the dotted paths that expressions read."""
    return frozenset(path.split(".")[1] for path in reads if REFERENCE.fullmatch(path))
