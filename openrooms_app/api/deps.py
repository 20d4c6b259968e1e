"""What endpoints ask for: the runtime, who is there, which page, which revision."""

from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Header, Path, Query, Request
from pydantic import BeforeValidator, WithJsonSchema

from engine.core.errors import InvalidInput
from engine.core.identity import User
from engine.core.page import DEFAULT_LIMIT, MAX_LIMIT, Paging
from engine.core.times import parse_rfc3339
from engine.runtime import Runtime, get_runtime
from openrooms_app.api.problems import NotLoggedIn

MAX_INT: Final = 2**31 - 1


async def _runtime() -> Runtime:
    return get_runtime()


class Caller(NamedTuple):
    """The first two arguments of every service: `service(*by, …)`."""

    rt: Runtime
    user: User


async def _caller(request: Request) -> Caller:
    """The user is left in the request's state by the gate.

    Raises:
        NotLoggedIn
    """
    user = getattr(request.state, "user", None)
    if not isinstance(user, User):
        raise NotLoggedIn
    return Caller(get_runtime(), user)


Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items on a page")]
Cursor = Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before")]


async def _paging(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Paging:
    return Paging(limit=limit, cursor=cursor)


async def _revision(
    if_match: Annotated[str | None, Header(alias="If-Match", max_length=100)] = None,
) -> int | None:
    """The revision in `If-Match`, as `"3"`; None where any will do.

    Raises:
        InvalidInput: it names no revision.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    number = if_match.strip().removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise InvalidInput(f'If-Match is {if_match!r}; it takes the draft\'s revision, such as "3".')
    return int(number)


async def _request_id(
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            max_length=200,
            description="a repeat with the same key does nothing twice",
        ),
    ] = None,
) -> str | None:
    if idempotency_key is not None and not (idempotency_key.isprintable() and idempotency_key.strip()):
        raise InvalidInput("Idempotency-Key must be 1 to 200 visible characters.")
    return idempotency_key


Rt = Annotated[Runtime, Depends(_runtime)]
By = Annotated[Caller, Depends(_caller)]
PageAsked = Annotated[Paging, Depends(_paging)]
Revision = Annotated[int | None, Depends(_revision)]
RequestId = Annotated[str | None, Depends(_request_id)]
Seq = Annotated[int, Query(ge=0, le=MAX_INT)]
Moment = Annotated[
    int,
    BeforeValidator(parse_rfc3339),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31T09:00:00Z"]}),
]
"""A time in a query: RFC 3339 with its zone outside, microseconds inside."""
VersionNumber = Annotated[int, Path(ge=0, le=MAX_INT)]
