"""A subscription: who is told of the events of runs, and what became of telling them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.core.document import Frozen
from engine.core.events import EventType
from engine.core.instant import Instant

SECOND_US = 1_000_000
FIRST_PAUSE_US = SECOND_US
LONGEST_PAUSE_US = 3600 * SECOND_US
MOST_ATTEMPTS = 35
"""With pauses that double from a second to an hour: a day."""
OFF_AFTER_US = 24 * 3600 * SECOND_US
"""A subscription that fails for so long, with nothing told in between, is switched off."""

NOT_TOLD = frozenset({EventType.ROOM_CREATED, EventType.RUN_QUEUED})
"""Facts of whoever starts a run, who knows them."""

Told = Annotated[EventType, Field(strict=False)]
Status = Literal["PENDING", "HELD", "DELIVERED", "DEAD"]
"""HELD: its subscription is off. DEAD: given up; it can be delivered again by hand."""

_URL = "http or https; addresses inside the network need OPENROOMS_HTTP_ALLOW"


class NewSubscription(Frozen):
    name: str = Field(min_length=1, max_length=200)
    url: str = Field(min_length=1, max_length=2_000, description=_URL)
    events: tuple[Told, ...] = Field(min_length=1, max_length=len(EventType), strict=False)
    room_id: str | None = Field(None, max_length=36, description="instead of all rooms")
    enabled: bool = True


class SubscriptionPatch(Frozen):
    """What to change; fields that are absent stay."""

    name: str | None = Field(None, min_length=1, max_length=200)
    url: str | None = Field(None, min_length=1, max_length=2_000, description=_URL)
    events: tuple[Told, ...] | None = Field(None, min_length=1, max_length=len(EventType), strict=False)
    enabled: bool | None = None


class Subscription(NewSubscription):
    """`off_reason` says why it was switched off by itself."""

    id: str
    off_reason: str | None = None
    failing_since: Instant | None = None
    created_at: Instant
    updated_at: Instant


class OpenedSubscription(Frozen):
    """What is shown once: the key that deliveries are signed with."""

    subscription: Subscription
    secret: str


class Notice(Frozen):
    """One event told to one subscription; its id is the `X-OpenRooms-Delivery` of every attempt."""

    id: str
    run_id: str
    seq: int
    type: str
    status: Status
    attempts: int
    next_at: Instant
    response_status: int | None
    error: str | None
    created_at: Instant
    done_at: Instant | None


def pause_us(attempts: int, jitter: float) -> int:
    """How long to rest after so many attempts; `jitter` from 0 to 1 spreads it over 80 to 120 %."""
    rest_us = min(FIRST_PAUSE_US << min(attempts - 1, 30), LONGEST_PAUSE_US)
    return round(rest_us * (0.8 + 0.4 * jitter))
