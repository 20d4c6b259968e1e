"""Signatures under what goes from program to program: HMAC-SHA256, in our own form with time and delivery id, and in GitHub's.

Keys are derived from the installation's own, so none is stored: a copy of the database signs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Literal

from engine.core.errors import OpenRoomsError

Signing = Literal["none", "openrooms", "github"]

SIGNATURE = "X-OpenRooms-Signature"
DELIVERY = "X-OpenRooms-Delivery"
EVENT = "X-OpenRooms-Event"
GITHUB_SIGNATURE = "X-Hub-Signature-256"
GITHUB_DELIVERY = "X-GitHub-Delivery"
WINDOW_S = 300
"""How old, or how far ahead of our clock, a signature may be."""
_FORM = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", re.ASCII)


class BadSignature(OpenRoomsError):
    code = "bad_signature"

    def __init__(self, why: str) -> None:
        super().__init__(f"The signature does not hold: {why}.")


def key_of(installation: bytes, what: str, rotation: int) -> str:
    """The secret that two programs share; `what` names whose it is, each rotation has another."""
    mac = hmac.new(installation, f"openrooms {what} {rotation}".encode(), hashlib.sha256).digest()
    return "ors_" + base64.urlsafe_b64encode(mac).decode().rstrip("=")


def sign(key: str, at_s: int, delivery: str, body: bytes) -> str:
    """What stands in `X-OpenRooms-Signature`: `t=SECONDS,v1=HEX` over `SECONDS.DELIVERY.BODY`."""
    return f"t={at_s},v1={_hex(key, f'{at_s}.{delivery}.'.encode() + body)}"


def check(key: str, given: str, delivery: str, body: bytes, now_s: int) -> None:
    """
    Raises:
        BadSignature: it is not ours, or not of now.
    """
    found = _FORM.fullmatch(given.strip())
    if found is None:
        raise BadSignature(f"{SIGNATURE} takes t=SECONDS,v1=HEX")
    at_s = int(found[1])
    if not hmac.compare_digest(sign(key, at_s, delivery, body), f"t={at_s},v1={found[2]}"):
        raise BadSignature("it was made with another key, or for something else")
    if abs(now_s - at_s) > WINDOW_S:
        raise BadSignature(f"it is more than {WINDOW_S} s away from our clock")


def check_github(key: str, given: str, body: bytes) -> None:
    """
    Raises:
        BadSignature
    """
    if not hmac.compare_digest(given.strip().encode(), f"sha256={_hex(key, body)}".encode()):
        raise BadSignature("it was made with another key, or for something else")


def _hex(key: str, said: bytes) -> str:
    return hmac.new(key.encode(), said, hashlib.sha256).hexdigest()
