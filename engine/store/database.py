"""Opens the database; one block is one transaction, committed when the block ends well."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import Session

from engine.store import sqlite
from engine.store.failures import DatabaseBusy, DatabaseDown, DatabaseFull, DatabaseShared, reachable, tell

if TYPE_CHECKING:
    from engine.store.postgresql import Lane

__all__ = ["Database", "DatabaseBusy", "DatabaseDown", "DatabaseFull", "Hot", "SQLAlchemyError", "Session"]

ROOM_BYTES = 4_000_000
"""Free on a disk that counts as full below it: a step gives 1 MiB at most, and its commit some more."""
LOCK_TIMEOUT = "5s"
"""Who waits for a row that a stopped process holds says so in the end."""

DEAD_LINE_MS = 11_000
"""After which a line is given up that takes nothing, as keepalives do for one on which nothing is asked. Linux alone would
try for a quarter of an hour, and whoever has asked would wait for as long."""


def connection_name(host: str, pid: int) -> str:
    """What PostgreSQL calls the connections of a process; it keeps 63 bytes of it."""
    return f"openrooms {pid} {host}"[:63]


class Database:
    """SQLite in WAL mode or PostgreSQL behind one face.

    On SQLite every writing block holds a process lock and a lock file: SQLite's own writer lock is
    unfair and lets one of two processes starve.
    """

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        is_on_disk = self.is_sqlite and self.url.database not in (None, "", ":memory:")
        self._file = self.url.database if is_on_disk else None
        self.engine = self._engine(pool_size)
        self._mutex = threading.Lock()
        self._lock_file: IO[bytes] | None = None
        self._hot_turn = threading.Lock()
        self._hot_connection: Connection | None = None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; what it writes is rolled back."""
        with (
            reachable(self.engine, self._file),
            self.engine.connect() as connection,
            Session(connection) as session,
        ):
            yield session

    @contextmanager
    def look(self) -> Iterator[Hot]:
        """Hand-written SQL for reading, where a session would cost more than the query."""
        with reachable(self.engine, self._file), self.engine.connect() as connection:
            yield Hot(connection, self.is_sqlite)

    @contextmanager
    def change(self) -> Iterator[Hot]:
        """As `write`, for hand-written SQL."""
        with reachable(self.engine, self._file), self._writer(), self.engine.connect() as connection:
            hot = Hot(connection, self.is_sqlite)
            hot.begin()
            yield hot
            hot.commit()

    @contextmanager
    def hot(self, *, is_lasting: bool = True) -> Iterator[Hot]:
        """As `change`, on a connection that stays open: one block at a time.

        What need not outlast a power cut, though it outlasts any process, costs no fsync on SQLite. A connection that
        broke is thrown away with its block.
        """
        with self._hot_turn:
            try:  # not by `reachable` and `_writer`: generators in each other are a tenth of a small transaction
                self._lock()
                try:
                    hot = self._kept()
                    hot.begin(is_lasting=is_lasting)
                    if self.is_sqlite:
                        yield hot
                        hot.commit()
                    else:
                        with hot.gathered():
                            yield hot
                            hot.commit()
                except BaseException:
                    self._drop_kept()
                    raise
                finally:
                    self._unlock()
            except SQLAlchemyError as error:
                tell(error, self.engine, self._file)

    def lane(self) -> Lane | None:
        """For statements that PostgreSQL commits by themselves; SQLite's wait for the disk within the call."""
        if self.is_sqlite:
            return None
        from engine.store.postgresql import Lane  # its driver is not loaded for SQLite

        return Lane(self.engine)

    def _kept(self) -> Hot:
        if self._hot_connection is None:
            self._hot_connection = self.engine.connect()
            self._kept_hot = Hot(self._hot_connection, self.is_sqlite)
        return self._kept_hot

    def _drop_kept(self) -> None:
        connection, self._hot_connection = self._hot_connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, self._kept_hot.error):
                self._kept_hot.rollback()
            with suppress(SQLAlchemyError, self._kept_hot.error):
                connection.invalidate()  # the next one must not be this, which may be set to lose what it commits
                connection.close()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together, or not at all."""
        with reachable(self.engine, self._file), self._writer(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with Session(connection) as session:
                try:
                    yield session
                    session.flush()
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()

    def lay_out(self) -> None:
        """Before many commits: have SQLite's log take its space on the disk at once."""
        if self._file:
            with reachable(self.engine, self._file), self._writer(), self.engine.connect() as connection:
                sqlite.lay_out_log(connection.connection.driver_connection, self._file)

    @property
    def is_missing(self) -> bool:
        """Whether there is no SQLite file yet; opening it would make one."""
        return self._file is not None and not Path(self._file).exists()

    @property
    def is_full(self) -> bool:
        """Whether the disk of an SQLite file has no room for what a step may give; of a server nobody knows it from here."""
        return self._file is not None and shutil.disk_usage(Path(self._file).parent).free < ROOM_BYTES

    @property
    def takes_writes(self) -> bool:
        """Whether it answers, and is no standby."""
        try:
            with self.look() as hot:
                found = hot.one("SELECT 'off'" if self.is_sqlite else "SHOW transaction_read_only")
        except DatabaseDown:
            return False
        return bool(found[0] == "off")

    def ping(self) -> None:
        """
        Raises:
            DatabaseDown: it does not answer.
        """
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        with self._hot_turn:
            if self._hot_connection is not None:
                self._hot_connection.close()
                self._hot_connection = None
        self.engine.dispose()
        if self._lock_file:
            self._lock_file.close()
            self._lock_file = None

    def _engine(self, pool_size: int) -> Engine:
        if not self.is_sqlite:
            engine = create_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=20,
                pool_pre_ping=True,
                connect_args={
                    "options": f"-c lock_timeout={LOCK_TIMEOUT}",
                    "application_name": connection_name(socket.gethostname(), os.getpid()),
                    "connect_timeout": 5,
                    "keepalives_idle": 5,
                    "keepalives_interval": 2,
                    "keepalives_count": 3,
                    "tcp_user_timeout": DEAD_LINE_MS,
                },
            )
            event.listen(engine, "connect", _check_settings)
            return engine
        engine = create_engine(self.url, connect_args={"check_same_thread": False, "timeout": 30})
        event.listen(engine, "connect", sqlite.set_up)
        return engine

    @contextmanager
    def _writer(self) -> Iterator[None]:
        self._lock()
        try:
            yield
        finally:
            self._unlock()

    def _lock(self) -> None:
        """Wait until nobody else writes to SQLite; PostgreSQL locks as much as it must by itself."""
        if not self.is_sqlite:
            return
        self._mutex.acquire()
        try:
            file = self._lock_file or self._open_lock_file()
            if file is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
        except BaseException:
            self._mutex.release()
            raise

    def _unlock(self) -> None:
        if not self.is_sqlite:
            return
        try:
            if self._lock_file is not None:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)
        finally:
            self._mutex.release()

    def _open_lock_file(self) -> IO[bytes] | None:
        if self._lock_file is None and self._file:
            self._lock_file = Path(f"{self._file}.lock").open("ab")  # noqa: SIM115 - kept open
        return self._lock_file


def _check_settings(connection: Any, _record: object) -> None:
    """A pooler that is told to ignore what a connection asks for mixes up prepared statements as well: runs fail of it.

    Raises:
        DatabaseShared
    """
    connection.autocommit = True  # no transaction for it, which is two more ways there and back
    [(lock_timeout,)] = connection.execute("SHOW lock_timeout").fetchall()
    connection.autocommit = False
    if lock_timeout != LOCK_TIMEOUT:
        connection.close()
        raise DatabaseShared


class Hot:
    """A transaction in hand-written SQL: `?` marks a parameter on every database.

    It speaks to the driver itself: SQLAlchemy's way to it costs more than most of these statements.
    """

    def __init__(self, connection: Connection, is_sqlite: bool) -> None:
        self.is_sqlite = is_sqlite
        self._is_lasting = True
        self._connection = connection
        self._dialect = connection.dialect
        self._raw: Any = connection.connection.driver_connection
        self.error: type[Exception] = self._dialect.loaded_dbapi.Error

    @classmethod
    def of(cls, session: Session | Hot) -> Hot:
        """The same transaction as the session's."""
        if isinstance(session, Hot):
            return session
        connection = session.connection()
        return cls(connection, connection.dialect.name == "sqlite")

    def begin(self, *, is_lasting: bool = True) -> None:
        if not self.is_sqlite:  # PostgreSQL's driver begins with the first statement
            return
        if is_lasting is not self._is_lasting:
            self.run(f"PRAGMA synchronous={'FULL' if is_lasting else 'NORMAL'}")
            self._is_lasting = is_lasting
        self.run("BEGIN IMMEDIATE")

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Within it PostgreSQL is sent what is asked when an answer is wanted, or at the commit: a way there and back each
        time would be most of a small transaction. A fault is told then, too.
        """
        if self.is_sqlite:
            yield
            return
        try:
            with self._raw.pipeline():
                yield
        except self.error as error:  # what we raised ourselves is no driver's error any more
            raise self._told("COMMIT", (), error) from error

    def commit(self) -> None:
        try:
            self._raw.commit()
        except self.error as error:
            raise self._told("COMMIT", (), error) from error

    def rollback(self) -> None:
        self._raw.rollback()

    def all(self, sql: str, *parameters: Any) -> Sequence[Any]:
        """The rows of one statement."""
        try:
            found: Sequence[Any] = self._raw.execute(self._own(sql), parameters).fetchall()
        except self.error as error:
            raise self._told(sql, parameters, error) from error
        return found

    def later(self, sql: str, *parameters: Any) -> Callable[[], Any]:
        """Ask now, and read the first row, or None, when what is given is called."""
        try:
            cursor = self._raw.execute(self._own(sql), parameters)
        except self.error as error:
            raise self._told(sql, parameters, error) from error

        def first() -> Any:
            try:
                return cursor.fetchone()
            except self.error as error:
                raise self._told(sql, parameters, error) from error

        return first

    def one(self, sql: str, *parameters: Any) -> Any:
        """The first row, or None."""
        rows = self.all(sql, *parameters)
        return rows[0] if rows else None

    def run(self, sql: str, *parameters: Any) -> None:
        """One statement that answers nothing."""
        try:
            self._raw.execute(self._own(sql), parameters)
        except self.error as error:
            raise self._told(sql, parameters, error) from error

    def many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """The statement once for each of `rows`."""
        try:
            self._raw.cursor().executemany(self._own(sql), rows)
        except self.error as error:
            raise self._told(sql, rows, error) from error

    def _own(self, sql: str) -> str:
        return sql if self.is_sqlite else sql.replace("?", "%s")

    def _told(self, sql: str, parameters: Any, error: Exception) -> BaseException:
        """The error as SQLAlchemy tells it, whichever driver it comes from."""
        return DBAPIError.instance(sql, parameters, error, self.error, dialect=self._dialect)


def connection_of(session: Session) -> Connection:
    """The Core connection under a session."""
    return session.connection()
