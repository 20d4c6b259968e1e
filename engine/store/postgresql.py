"""PostgreSQL asked in its own protocol, for the one statement on which a run's speed hangs."""

from __future__ import annotations

import select
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from engine.store.failures import tell

_WELL = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Lane:
    """A connection for statements that commit themselves, one at a time and by one thread at a time.

    A statement is prepared once, and sent without waiting for its answer: the server works while the caller computes.
    The driver's cursors, which guess types and look for rows that nobody asked for, cost a third of such a statement.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._names: dict[str, bytes] = {}
        self._failure: Exception | None = None
        self._asked: tuple[str, tuple[Any, ...]] = ("", ())

    def send(self, sql: str, parameters: tuple[Any, ...]) -> None:
        """Have it begun; `?` marks a parameter. Whatever goes wrong is told by `take`, which has to follow."""
        self._asked, self._failure = (sql, parameters), None
        try:
            if self._connection is None:
                self._open()
            self._pg.send_query_prepared(self._name(sql), self._texts(parameters))
            self._push()
        except Exception as error:  # noqa: BLE001 - kept for who asks for the answer
            self._failure = error

    def take(self) -> tuple[str | None, ...] | None:
        """The first row, as text, once it is committed; None when there is none.

        Raises:
            DatabaseDown: it is not known whether it was committed; the connection is thrown away.
        """
        try:
            if self._failure is not None:
                raise self._failure
            return self._first(self._results())
        except BaseException as error:
            self.close()
            if isinstance(error, SQLAlchemyError):
                tell(error)
            if isinstance(error, psycopg.Error):
                told: Any = DBAPIError.instance(
                    *self._asked, error, psycopg.Error, dialect=self._engine.dialect
                )
                tell(told)
            raise

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, psycopg.Error):
                connection.invalidate()  # the next one must not find an answer on it that is not its own
                connection.close()

    def _open(self) -> None:
        self._connection = self._engine.connect()
        raw: Any = self._connection.connection.driver_connection
        self._pg, self._encoding, self._names = raw.pgconn, raw.info.encoding, {}
        self._answers = select.poll()
        self._answers.register(self._pg.socket, select.POLLIN)
        self._both = select.poll()
        self._both.register(self._pg.socket, select.POLLIN | select.POLLOUT)

    def _name(self, sql: str) -> bytes:
        """What the server knows the statement by."""
        name = self._names.get(sql)
        if name is None:
            name = b"lane_%d" % len(self._names)
            self._pg.send_prepare(name, _numbered(sql).encode(self._encoding))
            self._push()
            self._first(self._results())
            self._names[sql] = name
        return name

    def _texts(self, parameters: tuple[Any, ...]) -> list[bytes | None]:
        encoding = self._encoding
        found: list[bytes | None] = []
        for value in parameters:
            text = value if type(value) is str else str(value)
            if "\0" in text:
                raise psycopg.DataError("PostgreSQL's texts can't hold a NUL")
            found.append(None if value is None else text.encode(encoding))
        return found

    def _push(self) -> None:
        while self._pg.flush():
            for _, ready in self._both.poll():
                if ready & ~select.POLLOUT:  # a server that can't send does not receive
                    self._pg.consume_input()

    def _results(self) -> list[Any]:
        found: list[Any] = []
        try:
            while (result := self._next()) is not None:
                found.append(result)
        except psycopg.OperationalError:
            if all(result.status in _WELL for result in found):
                raise
            # else the server has said why it hangs up, as that its disk is full
        return found

    def _next(self) -> Any:
        while self._pg.is_busy():
            self._answers.poll()
            self._pg.consume_input()
        return self._pg.get_result()

    def _first(self, results: list[Any]) -> tuple[str | None, ...] | None:
        for result in results:
            if result.status not in _WELL:
                raise error_from_result(result, self._encoding)
        (result,) = results
        if not result.ntuples:
            return None
        row = [result.get_value(0, column) for column in range(result.nfields)]
        return tuple(None if value is None else value.decode(self._encoding) for value in row)


def _numbered(sql: str) -> str:
    first, *more = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(more, 1))
