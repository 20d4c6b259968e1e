"""The filters that all logs share."""

from typing import Annotated, Literal

from fastapi import Depends, Query

from engine.core.errors import InvalidInput
from engine.core.events import EventType
from engine.core.page import DEFAULT_LIMIT
from engine.services.logs import Wanted
from openrooms_app.api.deps import MAX_INT, Limit

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"]


async def _log_asked(  # noqa: PLR0913, PLR0917 - a query's parameters
    level: Annotated[Level, Query(description="the lowest level shown")] = "DEBUG",
    type: Annotated[list[EventType] | None, Query(description="one or several types")] = None,
    node_id: Annotated[str | None, Query(max_length=64)] = None,
    text: Annotated[str, Query(max_length=200, description="words that all stand in the event")] = "",
    after_seq: Annotated[int | None, Query(ge=0, le=MAX_INT)] = None,
    cursor: Annotated[
        str | None, Query(max_length=20, description="`next_cursor` of the page before")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
    seq: Annotated[
        list[Annotated[int, Query(ge=1, le=MAX_INT)]] | None,
        Query(max_length=200, description="none but the events of these numbers, wherever they stand"),
    ] = None,
) -> Wanted:
    if cursor is not None:
        if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
            raise InvalidInput(
                f"{cursor!r} is no cursor. Pass the next_cursor of the page before, unchanged."
            )
        after_seq = int(cursor)
    return Wanted(level, frozenset(type or ()), node_id, text, after_seq, limit, frozenset(seq or ()))


LogAsked = Annotated[Wanted, Depends(_log_asked)]
