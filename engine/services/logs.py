"""A run's events as a log: the newest, or those after a place, of the levels, types and nodes asked for."""

from dataclasses import dataclass

from engine.core.errors import NotFound
from engine.core.events import LEVEL_NAMES, EventType
from engine.core.identity import User
from engine.core.page import DEFAULT_LIMIT, Page
from engine.core.runview import Run
from engine.runtime import Runtime
from engine.services import history, live, runs
from engine.services.history import Event

WINDOW = 2000
"""Events looked at in one go."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: the first `limit` after `after_seq`, or the last ones; `level` is the lowest that is shown."""

    level: str = "DEBUG"
    types: frozenset[EventType] = frozenset()
    node_id: str | None = None
    after_seq: int | None = None
    limit: int = DEFAULT_LIMIT

    def takes(self, event: Event) -> bool:
        return (
            LEVEL_NAMES.index(event["level"]) >= LEVEL_NAMES.index(self.level)
            and (not self.types or event["type"] in self.types)
            and (self.node_id is None or event["node_id"] == self.node_id)
        )


def of_room(rt: Runtime, user: User, room_id: str, wanted: Wanted) -> Page[Event]:
    """The log of the room's latest run; empty in a room that was never run."""
    place = live.first_place(rt, user, room_id, from_now=False)
    if not place.run_id:
        return Page(items=())
    return of_run(rt, user, place.run_id, wanted)


def run_of_room(rt: Runtime, user: User, room_id: str, run_id: str) -> str:
    """The id, if it is one of the room's runs.

    Raises:
        NotFound
    """
    if runs.get(rt, user, run_id).room_id != room_id:
        raise NotFound("run", run_id)
    return run_id


def of_run(rt: Runtime, user: User, run_id: str, wanted: Wanted) -> Page[Event]:
    """The events wanted, newest last; `next_cursor` is the seq to go on after, when there are more."""
    run = runs.get(rt, user, run_id)
    if wanted.after_seq is None:
        return Page(items=tuple(_last(rt, user, run, wanted)))
    found: list[Event] = []
    seen = wanted.after_seq
    while len(found) <= wanted.limit:
        window = history.events(rt, user, run_id, after_seq=seen, limit=WINDOW)
        if not window:
            break
        found += filter(wanted.takes, window)
        seen = window[-1]["seq"]
    items = tuple(found[: wanted.limit])
    return Page(items=items, next_cursor=str(items[-1]["seq"]) if len(found) > wanted.limit else None)


def _last(rt: Runtime, user: User, run: Run, wanted: Wanted) -> list[Event]:
    found: list[Event] = []
    end = run.seq
    while end > 0 and len(found) < wanted.limit:
        start = max(0, end - WINDOW)
        window = history.events(rt, user, run.id, after_seq=start, limit=end - start)
        found = [*filter(wanted.takes, window), *found]
        end = start
    return found[-wanted.limit :]
