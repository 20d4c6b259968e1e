"""Addresses that send one signal to one run: signed, expiring, kept nowhere. Whoever has one can use it, nobody can make one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import NamedTuple

import orjson

from engine.core.errors import OpenRoomsError

FOLDER = "/api/hooks/signal/"
LIFE_US = 30 * 24 * 3600 * 1_000_000
"""How long an address is good unless its maker says otherwise."""
_MAC_BYTES = 32
_PURPOSE = b"openrooms signal link\n"
MAX_TOKEN = 2_000


class BadLink(OpenRoomsError):
    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such address. Use it exactly as it was given out.")


class LinkExpired(OpenRoomsError):
    code = "link_expired"

    def __init__(self) -> None:
        super().__init__("This address has expired. Ask whoever sent it for a new one.")


class Link(NamedTuple):
    """What an address is good for; `number` tells apart several for the same signal of a run."""

    run_id: str
    signal: str
    expires_us: int
    number: str = ""


def path_of(key: bytes, link: Link) -> str:
    """The address's path, from the root of the installation."""
    said = orjson.dumps(list(link))
    return FOLDER + base64.urlsafe_b64encode(_mac(key, said) + said).decode().rstrip("=")


def read(key: bytes, token: str, now_us: int) -> Link:
    """What the last part of an address says.

    Raises:
        BadLink: it was not made with this key.
        LinkExpired
    """
    if len(token) > MAX_TOKEN:
        raise BadLink
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadLink from None
    mac, said = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, said)):
        raise BadLink
    link = Link(*orjson.loads(said))
    if link.expires_us <= now_us:
        raise LinkExpired
    return link


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + said, hashlib.sha256).digest()
