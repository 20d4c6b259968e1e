"""A hook: an address that other people's programs call to run a room or to send its run a signal."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field, JsonValue

from engine.core.document import Frozen
from engine.core.instant import Instant
from engine.core.signing import Signing

SCOPE = ("body", "headers", "query")
"""What a mapping reads."""
ALWAYS_SHOWN = ("content-type", "user-agent", "x-github-event", "x-gitlab-event", "x-openrooms-event")
NEVER_SHOWN = frozenset(["authorization", "cookie", "proxy-authorization", "x-hub-signature-256"])

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
_SIGNING = "`none`: the address is the secret; `openrooms` and `github`: each call is signed besides"
_SIGNAL = "send this signal to the room's run instead of starting one"
_MAPPING = "what the run gets as input, or the signal as payload: JSON with {{ body… }}, {{ headers… }}, {{ query… }}"
_HEADERS = "further headers to be taken into `headers`"


class NewHook(Frozen):
    name: str = Field(min_length=1, max_length=200)
    signing: Signing = Field("none", description=_SIGNING)
    signal: str | None = Field(None, min_length=1, max_length=64, description=_SIGNAL)
    mapping: JsonValue = Field(None, description=_MAPPING)
    headers: tuple[HeaderName, ...] = Field((), max_length=20, strict=False, description=_HEADERS)
    enabled: bool = True


class HookPatch(Frozen):
    """What to change; fields that are absent stay."""

    name: str | None = Field(None, min_length=1, max_length=200)
    signal: str | None = Field(None, min_length=1, max_length=64, description=_SIGNAL)
    mapping: JsonValue = Field(None, description=_MAPPING)
    headers: tuple[HeaderName, ...] | None = Field(None, max_length=20, strict=False, description=_HEADERS)
    enabled: bool | None = None


class Hook(NewHook):
    id: str
    room_id: str
    created_at: Instant
    updated_at: Instant


class OpenedHook(Frozen):
    """What is shown once: where to call, and the key to sign with if calls are signed."""

    hook: Hook
    url: str
    secret: str | None


class Delivery(Frozen):
    """What came to a hook; `code` says why it was refused, and None that it did something."""

    id: str
    delivery_id: str
    at: Instant
    run_id: str | None = None
    code: str | None = None
    message: str = ""


class Call(NamedTuple):
    """An HTTP call as it came; header names in lower case."""

    media_type: str
    headers: dict[str, str]
    query: list[tuple[str, str]]
    body: bytes
