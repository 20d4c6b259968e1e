"""Passwords: argon2id with 19 MiB, two passes, one lane; a check takes as long for nobody as for somebody."""

import functools

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from engine.core.errors import OpenRoomsError

MIN_LENGTH = 10
MAX_LENGTH = 1024

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class WeakPassword(OpenRoomsError):
    code = "weak_password"

    def __init__(self) -> None:
        super().__init__(
            f"The password must have {MIN_LENGTH} to {MAX_LENGTH} characters and not be the user's name. "
            "A few words in a row are good."
        )


def hashed(password: str, user_name: str) -> str:
    """
    Raises:
        WeakPassword: too short, too long, or the name over again.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH or password.casefold() == user_name.casefold():
        raise WeakPassword
    return _HASHER.hash(_bytes(password))


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether the password belongs to the hash; None stands for a user that does not exist."""
    try:
        _HASHER.verify(password_hash or _nobody(), _bytes(password[:MAX_LENGTH]))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    return _HASHER.check_needs_rehash(password_hash)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


@functools.cache
def _nobody() -> str:
    return _HASHER.hash(b"a password that nobody has")
