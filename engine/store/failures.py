"""What is told of a database that does not do what it is asked, whichever it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from sqlalchemy import Engine
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from engine.core.errors import InvalidInput, OpenRoomsError
from engine.store import sqlite


class DatabaseDown(OpenRoomsError):
    code = "database_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database can't be reached: {reason}. Nothing was changed; try again.")


class DatabaseShared(DatabaseDown):
    """What is between us and PostgreSQL gives a connection's transactions to different servers' processes."""

    code = "database_behind_pooler"

    def __init__(self) -> None:
        OpenRoomsError.__init__(
            self,
            "A connection pooler, as PgBouncer, is between OpenRooms and PostgreSQL and drops what a connection is set to. "
            "Have OPENROOMS_DATABASE_URL name PostgreSQL itself: each process keeps a pool of its own.",
        )


class DatabaseBusy(DatabaseDown):
    """Somebody else holds what a transaction needs; it was rolled back for certain."""


class DatabaseFull(DatabaseBusy):
    """Its disk has no room for what a transaction writes."""


@contextmanager
def reachable(engine: Engine, file: str | None) -> Iterator[None]:
    """`file`: where an SQLite database lies on a disk."""
    try:
        yield
    except SQLAlchemyError as error:
        tell(error, engine, file)


def tell(error: SQLAlchemyError, engine: Engine, file: str | None = None) -> NoReturn:
    if getattr(getattr(error, "orig", None), "sqlstate", None) == _READ_ONLY:
        engine.dispose()  # what is connected stays with a server that is a standby now: others are for the new one
    meaning = _out_of_room(error, file) or _meaning(error)
    if meaning is None:
        raise error
    raise meaning from error


def _out_of_room(error: SQLAlchemyError, file: str | None) -> DatabaseFull | None:
    """What SQLite calls a fault of its disk when a quota is spent, or when there is no room for the memory that its processes
    share: whether a file can grow tells it from another.
    """
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0) & 0xFF
    if file is None or code not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) or sqlite.has_room(file):
        return None
    return DatabaseFull("its disk is full")


def _meaning(error: SQLAlchemyError) -> OpenRoomsError | None:
    """What a caller is told of it; None of a fault of ours."""
    if isinstance(error, DataError):  # as a NUL in a text, which PostgreSQL can't hold
        return InvalidInput(f"The database can't take this: {_first_line(error.orig)}.")
    if isinstance(
        error, OperationalError | InterfaceError | InternalError
    ):  # the last as on a read-only standby
        reason = _first_line(error.orig)
        return DatabaseShared() if _OF_POOLER in reason else _kind(error)(reason)
    if isinstance(error, NoConnectionFree):
        return DatabaseBusy("all of its connections are in use")
    if (
        isinstance(error, DatabaseError) and type(error.orig) is sqlite3.DatabaseError
    ):  # "malformed", "not a database"
        return DatabaseDown(_first_line(error.orig))
    return None


_BUSY = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL's codes for what could not be serialised, a deadlock and a lock that did not come in time."""
_FULL = "53100"
"""And for a disk without room."""
_READ_ONLY = "25006"
"""And for a change that a standby is asked for."""
_OF_POOLER = "unsupported startup parameter"


def _kind(error: DBAPIError) -> type[DatabaseDown]:
    if isinstance(error.orig, sqlite3.OperationalError):
        code = error.orig.sqlite_errorcode & 0xFF
        is_busy, is_full = code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED), code == sqlite3.SQLITE_FULL
    else:
        state = getattr(error.orig, "sqlstate", None)
        is_busy, is_full = state in _BUSY, state == _FULL
    return DatabaseFull if is_full else DatabaseBusy if is_busy else DatabaseDown


def _first_line(reason: object) -> str:
    return next(iter(str(reason).strip().splitlines()), type(reason).__name__)
