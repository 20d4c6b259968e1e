"""What goes wrong with a database is named for what it is: away, busy, or full; and its log is laid out."""

import resource
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from engine.store.database import DEAD_LINE_MS, Database, DatabaseBusy, DatabaseDown, DatabaseFull
from tests.fixtures.databases import open_quick, postgres_address
from tests.servers.pooler import without_options


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
def test_a_connection_that_stayed_with_a_standby_is_given_up(database_url: str) -> None:
    with closing(Database(database_url, pool_size=1)) as database:
        with database.read() as session:
            session.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
            session.commit()

        with pytest.raises(DatabaseDown, match="read-only"), database.change() as hot:
            hot.run("UPDATE run SET seq = 1")
        with database.change() as hot:
            hot.run("UPDATE run SET seq = 1")


def test_a_pooler_that_drops_what_a_connection_is_set_to_is_refused(
    postgres_server: str, tmp_path: Path
) -> None:
    """Statements that were prepared on one of its connections would be looked for on another, and runs fail of it."""
    address = postgres_address(str(tmp_path), "postgres")
    with without_options(postgres_server, tmp_path), closing(Database(address)) as database:
        for ask in (database.ping, database.look().__enter__):
            with pytest.raises(DatabaseDown, match="name PostgreSQL itself") as refused:
                ask()
            assert refused.value.code == "database_behind_pooler"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lock_that_does_not_come_is_told_as_busy(database: Database, database_url: str) -> None:
    with closing(open_quick(database_url)) as other, other.read() as session:
        session.execute(text("LOCK TABLE run"))

        with pytest.raises(DatabaseBusy):
            change(database, "SET LOCAL lock_timeout = 50", "LOCK TABLE run")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_line_that_swallows_what_is_asked_is_given_up(database: Database, database_url: str) -> None:
    with database.engine.connect() as connection:  # only root can make such a line
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)

        assert raw.info.get_parameters()["tcp_user_timeout"] == str(DEAD_LINE_MS)


def test_no_free_connection_is_told_as_busy(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database:
        database.engine.pool._timeout = 0.05  # type: ignore[attr-defined]

        with pytest.raises(DatabaseBusy):
            open_at_once(database, 100)


def test_a_full_database_is_told_as_full(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database, pytest.raises(DatabaseFull, match="full"):
        change(
            database,
            "PRAGMA max_page_count = 1",
            "CREATE TABLE more AS SELECT zeroblob(9999) AS x",
        )


def test_a_fault_of_a_disk_that_has_room_is_not_told_as_full(sqlite_url: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(Database(sqlite_url)) as database:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
        try:
            with pytest.raises(DatabaseDown, match="disk I/O error") as told:
                change(database, "CREATE TABLE more AS SELECT zeroblob(2000000) AS x")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert not isinstance(told.value, DatabaseFull)


def test_what_comes_after_a_block_that_failed_and_need_not_last_does_last(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database:
        with pytest.raises(DatabaseDown), database.hot(is_lasting=False) as hot:
            hot.run("SELECT * FROM nowhere")

        with database.hot() as hot:
            assert hot.one("PRAGMA synchronous") == (2,)  # FULL


def test_the_log_is_laid_out_once_and_the_database_stays_as_it_was(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database, database.look() as other:
        log = Path(f"{database.url.database}-wal")
        change(database, "CREATE TABLE note (body TEXT)", "INSERT INTO note VALUES ('before')")
        tables = other.all("SELECT name FROM sqlite_master")

        database.lay_out()
        laid_out = log.stat().st_size
        for _ in range(20):
            change(database, f"INSERT INTO note VALUES ('{'x' * 5000}')")
        database.lay_out()

        assert log.stat().st_size == laid_out > 4_000_000
        assert other.all("SELECT name FROM sqlite_master") == tables
        assert other.one("SELECT count(*), min(body) FROM note") == (21, "before")
        assert other.one("PRAGMA integrity_check") == ("ok",)


@pytest.mark.parametrize("hinder", ["PRAGMA query_only = ON", "PRAGMA max_page_count = 1"])
def test_a_log_that_can_not_be_laid_out_is_left_as_it_is(sqlite_url: str, hinder: str) -> None:
    with closing(Database(sqlite_url)) as database:
        change(database, "CREATE TABLE note (body TEXT)")
        with database.look() as hot:
            hot.run(hinder)
        size = Path(f"{database.url.database}-wal").stat().st_size

        database.lay_out()

        assert Path(f"{database.url.database}-wal").stat().st_size == size
        with database.look() as hot:
            assert hot.one("PRAGMA cache_size") == (-16000,)


def test_a_log_is_not_laid_out_in_a_damaged_database_which_still_does_what_it_can(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database:
        path = Path(str(database.url.database))
        change(database, "CREATE TABLE note (body TEXT)", "INSERT INTO note VALUES (zeroblob(99999))")
        change(database, "DELETE FROM note")
    with path.open("rb+") as file:
        file.seek(32)  # the number of the first page that is free
        file.seek(4096 * (int.from_bytes(file.read(4)) - 1))
        file.write(b"\xff" * 4096)

    with closing(Database(sqlite_url)) as database:
        database.lay_out()
        change(database, "INSERT INTO note VALUES ('short')")


def change(database: Database, *statements: str) -> None:
    with database.hot() as hot:
        for statement in statements:
            hot.run(statement)


def open_at_once(database: Database, count: int) -> None:
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(database.look())
