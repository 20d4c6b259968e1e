"""What goes wrong with a database is named for what it is: away, or busy."""

from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.store.database import Database, DatabaseBusy, DatabaseDown
from tests.fixtures.databases import open_quick


def test_a_file_that_is_no_database_can_not_be_reached(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(b"these are my notes, " * 1000)

    with closing(Database(f"sqlite:///{path}")) as database, pytest.raises(DatabaseDown, match="database"):
        database.ping()


def test_a_database_that_takes_no_writes_can_not_be_reached(database: Database) -> None:
    setting = "PRAGMA query_only = ON" if database.is_sqlite else "SET TRANSACTION READ ONLY"

    with pytest.raises(DatabaseDown):
        change(database, setting, "UPDATE run SET seq = 1")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lock_that_does_not_come_is_told_as_busy(database: Database, database_url: str) -> None:
    with closing(open_quick(database_url)) as other, other.read() as session:
        session.execute(text("LOCK TABLE run"))

        with pytest.raises(DatabaseBusy):
            change(database, "SET LOCAL lock_timeout = 50", "LOCK TABLE run")


def test_no_free_connection_is_told_as_busy(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database:
        database.engine.pool._timeout = 0.05  # type: ignore[attr-defined]

        with pytest.raises(DatabaseBusy):
            open_at_once(database, 100)


def change(database: Database, *statements: str) -> None:
    with database.hot() as hot:
        for statement in statements:
            hot.run(statement)


def open_at_once(database: Database, count: int) -> None:
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(database.look())
