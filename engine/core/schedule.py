"""A schedule: when a room is run by itself, and what is done about times that overlap or were missed."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field, JsonValue

from engine.core.cron import Cron
from engine.core.document import Frozen
from engine.core.instant import Instant

GRACE_US = 10_000_000
"""A due time that nobody was there for is missed after this; until then it is merely late."""
MOST_CAUGHT_UP = 100
"""Missed times that are made up for at most, the latest ones."""

Overlap = Literal["skip", "queue", "cancel_running"]
CatchUp = Literal["skip", "one", "all"]
Outcome = Literal["started", "queued", "skipped"]

_OVERLAP = "when the room is busy: leave the time out, stand in line, or cancel the run and take its place"
_CATCH_UP = (
    "times missed while no worker was there: leave them out, run once, or run once for each (the last 100)"
)
_ZONE = "an IANA time zone, such as Europe/Berlin"
_CRON = "five fields, or six with seconds first, as `0 9 * * MON-FRI`"


class NewSchedule(Frozen):
    name: str = Field(min_length=1, max_length=200)
    cron: str = Field(min_length=1, max_length=200, description=_CRON)
    zone: str = Field("UTC", min_length=1, max_length=64, description=_ZONE)
    input: JsonValue = Field(None, description="the input of each run")
    enabled: bool = True
    overlap: Overlap = Field("skip", description=_OVERLAP)
    catch_up: CatchUp = Field("one", description=_CATCH_UP)


class SchedulePatch(Frozen):
    """What to change; fields that are absent stay."""

    name: str | None = Field(None, min_length=1, max_length=200)
    cron: str | None = Field(None, min_length=1, max_length=200, description=_CRON)
    zone: str | None = Field(None, min_length=1, max_length=64, description=_ZONE)
    input: JsonValue = None
    enabled: bool | None = None
    overlap: Overlap | None = Field(None, description=_OVERLAP)
    catch_up: CatchUp | None = Field(None, description=_CATCH_UP)


class Schedule(NewSchedule):
    """`next_due_at` is None while it is off, and when its time never comes again."""

    id: str
    room_id: str
    next_due_at: Instant | None
    created_at: Instant
    updated_at: Instant


class Firing(Frozen):
    """What became of a due time; `code` says why it was skipped."""

    due_at: Instant
    fired_at: Instant
    outcome: Outcome
    run_id: str | None = None
    code: str | None = None
    message: str = ""


class Decision(NamedTuple):
    """What to do about a due time that has come; `next_due_us` None when no other comes."""

    does_fire: bool
    next_due_us: int | None


def decide(times: Cron, catch_up: CatchUp, due_us: int, now_us: int) -> Decision:
    """What is missed is told from what is merely late, and made up for as the policy says."""
    if now_us - due_us <= GRACE_US:
        return Decision(True, times.after(due_us))
    if catch_up != "all":
        return Decision(catch_up == "one", times.after(now_us))
    made_up = times.between(due_us - 1, now_us, MOST_CAUGHT_UP)
    if made_up and made_up[0] > due_us:  # more than can be made up for: leave out the oldest
        return Decision(False, made_up[0])
    return Decision(True, times.after(due_us))
