"""PostgreSQL asked in its own protocol, for the one statement on which a run's speed hangs."""

from __future__ import annotations

import select
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from engine.store.failures import tell

_WELL = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


@dataclass(slots=True, eq=False)
class Asked:
    """A statement that was sent."""

    sql: str
    parameters: tuple[Any, ...]
    is_answered: bool = False
    row: tuple[str | None, ...] | None = None
    failure: Exception | None = None


class Lane:
    """A connection for statements that commit themselves, each after the one sent before it; for one thread at a time.

    A statement is prepared once, and sent without waiting for any answer: the server works while the caller computes.
    The driver's cursors, which guess types and look for rows that nobody asked for, cost a third of such a statement.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._names: dict[str, bytes] = {}
        self._asked: deque[Asked] = deque()
        """What has no answer yet, in order."""

    def send(self, sql: str, parameters: tuple[Any, ...]) -> Asked:
        """Have it begun; `?` marks a parameter. Whatever goes wrong is told by `take`."""
        asked = Asked(sql, parameters)
        try:
            if self._connection is None:
                self._open()
            texts = self._texts(parameters)
        except Exception as error:  # noqa: BLE001 - kept for who asks for the answer
            asked.failure, asked.is_answered = error, True
            return asked
        self._asked.append(asked)
        try:
            self._pg.send_query_prepared(self._name(sql), texts)
            self._pg.pipeline_sync()  # with it the server commits
            self._push()
        except Exception as error:  # noqa: BLE001 - as above
            self._drop(error)
        return asked

    def take(self, asked: Asked) -> tuple[str | None, ...] | None:
        """The first row, as text, once it is committed; None when there is none.

        Raises:
            DatabaseDown: it is not known whether it was committed; the connection is thrown away.
        """
        while not asked.is_answered:
            self._hear()
        error = asked.failure
        if isinstance(error, SQLAlchemyError):
            tell(error, self._engine)
        if isinstance(error, psycopg.Error):
            dialect = self._engine.dialect
            told: Any = DBAPIError.instance(
                asked.sql, asked.parameters, error, psycopg.Error, dialect=dialect
            )
            tell(told, self._engine)
        if error is not None:
            raise error
        return asked.row

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, psycopg.Error):
                connection.invalidate()  # the next one must not find an answer on it that is not its own
                connection.close()

    def _hear(self) -> None:
        """Read the next answer; after a failure there is none to all that were sent since."""
        try:
            row = self._first(self._results())
        except BaseException as error:
            self._drop(error if isinstance(error, Exception) else psycopg.OperationalError("interrupted"))
            if not isinstance(error, Exception):
                raise
            return
        asked = self._asked.popleft()
        asked.row, asked.is_answered = row, True

    def _drop(self, failure: Exception) -> None:
        self.close()
        for asked in self._asked:
            asked.failure, asked.is_answered = failure, True
            failure = psycopg.OperationalError("what was sent before it failed")
        self._asked.clear()

    def _open(self) -> None:
        connection = self._engine.connect()
        raw: Any = connection.connection.driver_connection
        self._pg, self._encoding, self._names = raw.pgconn, raw.info.encoding, {}
        self._pg.enter_pipeline_mode()
        self._answers = select.poll()
        self._answers.register(self._pg.socket, select.POLLIN)
        self._both = select.poll()
        self._both.register(self._pg.socket, select.POLLIN | select.POLLOUT)
        self._connection = connection

    def _name(self, sql: str) -> bytes:
        """What the server knows the statement by, from now on."""
        name = self._names.get(sql)
        if name is None:
            name = self._names[sql] = b"lane_%d" % len(self._names)
            self._pg.send_prepare(name, _numbered(sql).encode(self._encoding))
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
        """What comes up to the next commit."""
        found: list[Any] = []
        try:
            while (result := self._next()) is None or result.status != ExecStatus.PIPELINE_SYNC:
                if result is not None:
                    found.append(result)
                elif self._pg.status == ConnStatus.BAD:
                    break
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
        if not results:
            raise psycopg.OperationalError("the connection is lost")
        result = results[-1]
        if not result.ntuples:
            return None
        row = [result.get_value(0, column) for column in range(result.nfields)]
        return tuple(None if value is None else value.decode(self._encoding) for value in row)


def _numbered(sql: str) -> str:
    first, *more = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(more, 1))
