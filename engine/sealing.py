"""Encryption of secrets in two layers: a key for each value, wrapped by a master key, so that keys change cheaply.

AES-256-GCM in both. Every box is bound to the secret's name: rows that were swapped in the database don't open.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.core.errors import OpenRoomsError

VERSION = "1"
SHORTEST_KEY = 32
"""Characters of a master key; `openssl rand -hex 32` gives 64."""
_NONCE = 12


class Unopened(OpenRoomsError):
    code = "secret_unreadable"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The secret {name!r} can't be decrypted: the master key it was made with is not at hand. "
            "Put that key back (OPENROOMS_MASTER_KEY, or master.key in the data dir), or set the secret anew."
        )


class BadMasterKey(OpenRoomsError):
    code = "bad_master_key"

    def __init__(self) -> None:
        super().__init__(
            f"A key in OPENROOMS_MASTER_KEY has less than {SHORTEST_KEY} characters. Make one by: openssl rand -hex 32"
        )


class Keyring:
    """Master keys, the newest first: that one wraps, any of them unwraps."""

    def __init__(self, keys: Sequence[str]) -> None:
        """
        Raises:
            BadMasterKey: one is too short, or there is none.
        """
        if not keys or any(len(key) < SHORTEST_KEY for key in keys):
            raise BadMasterKey
        derived = [_derived(key) for key in keys]
        self._ciphers = {hashlib.sha256(b"id" + key).hexdigest()[:8]: AESGCM(key) for key in derived}
        self.newest = next(iter(self._ciphers))

    def seal(self, name: str, value: str) -> str:
        key = AESGCM.generate_key(256)
        box = _box(AESGCM(key), value.encode(), f"value/{name}")
        return ":".join((VERSION, *self._wrapped(name, key), box))

    def open(self, name: str, sealed: str) -> str:
        """
        Raises:
            Unopened: by none of the keys, or it is not what was sealed under this name.
        """
        key, box = self._key(name, sealed)
        try:
            return _unbox(AESGCM(key), box, f"value/{name}").decode()
        except (InvalidTag, ValueError):
            raise Unopened(name) from None

    def rewrap(self, name: str, sealed: str) -> str:
        """The same box, its key wrapped by the newest master key.

        Raises:
            Unopened
        """
        key, box = self._key(name, sealed)
        return ":".join((VERSION, *self._wrapped(name, key), box))

    def _wrapped(self, name: str, key: bytes) -> tuple[str, str]:
        return self.newest, _box(self._ciphers[self.newest], key, f"key/{name}")

    def _key(self, name: str, sealed: str) -> tuple[bytes, str]:
        try:
            version, key_id, wrapped, box = sealed.split(":")
            if version != VERSION:
                raise Unopened(name)
            return _unbox(self._ciphers[key_id], wrapped, f"key/{name}"), box
        except (InvalidTag, KeyError, ValueError):
            raise Unopened(name) from None


def _derived(key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"openrooms/master").derive(key.encode())


def _box(cipher: AESGCM, plain: bytes, bound_to: str) -> str:
    nonce = os.urandom(_NONCE)
    return base64.b64encode(nonce + cipher.encrypt(nonce, plain, bound_to.encode())).decode()


def _unbox(cipher: AESGCM, box: str, bound_to: str) -> bytes:
    raw = base64.b64decode(box, validate=True)
    return cipher.decrypt(raw[:_NONCE], raw[_NONCE:], bound_to.encode())
