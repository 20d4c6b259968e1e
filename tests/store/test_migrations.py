"""Migrations: from nothing to the tables of the code, on both databases, whoever else does it at once."""

import os
import subprocess
import sys
from contextlib import closing

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel

import engine.store.agent_tables
import engine.store.tables  # noqa: F401
from engine.store import conversation, memory, migrations
from engine.store.database import Database, connection_of
from engine.store.migrations import DatabaseNewer, is_current, is_known, migrate

MIGRATE = """
import sys
from engine.store.database import Database
from engine.store.migrations import migrate
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate(database)
"""


def test_an_empty_database_gets_exactly_the_tables_of_the_code(empty_database_url):
    with closing(Database(empty_database_url)) as database:
        assert not is_current(database)
        migrate(database)

        assert is_current(database)
        with database.read() as session:
            context = MigrationContext.configure(
                connection_of(session), opts={"compare_type": True, "include_name": is_known}
            )
            assert compare_metadata(context, SQLModel.metadata) == []


def test_migrating_twice_changes_nothing(database):
    with database.write() as session:
        session.execute(text("INSERT INTO blob (hash, body) VALUES ('h', 'kept')"))

    migrate(database)

    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM blob")).scalar_one() == 1


def test_processes_that_migrate_at_once_all_succeed(empty_database_url):
    together = [_migrating_process(empty_database_url) for _ in range(3)]
    for process in together:
        assert process.stdout.readline() == "ready\n"
    for process in together:
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate() for process in together]

    assert ends == [("", "")] * 3
    assert [process.returncode for process in together] == [0] * 3
    with closing(Database(empty_database_url)) as database:
        assert is_current(database)


def test_memory_and_conversations_of_before_are_kept_and_can_be_taken_back(empty_database_url):
    kept = "SELECT key, value, revision, kind, expires_us, meta FROM memory ORDER BY key"
    with closing(Database(empty_database_url)) as database:
        to_revision(database, command.upgrade, "0002")
        with database.write() as session:
            for statement in OF_BEFORE:
                session.execute(text(statement))
        migrate(database)

        with database.write() as session:
            assert [tuple(row) for row in session.execute(text(kept))] == [
                ("a", "[1]", 2, "LONG_TERM", None, None)
            ]
            assert conversation.recalled(session, "r", 9)["turns"][0]["content"] == "hi"
            about = {"kind": "SEMANTIC", "expires_us": 9, "chunks": [[0, 1, None]]}
            memory.write(session, "r", "b", "x", run_id=None, now_us=1, about=about)
        to_revision(database, command.downgrade, "0002")
        with database.read() as session:
            assert session.execute(text("SELECT key FROM memory")).scalars().all() == ["a"]
        migrate(database)
        assert is_current(database)


OF_BEFORE = (
    "INSERT INTO workflow (id, name, status, draft, revision, error_count, created_us, updated_us)"
    " VALUES ('w', 'W', 'ACTIVE', '{}', 1, 0, 1, 1)",
    "INSERT INTO room (id, name, workflow_id, config, meta, queue_runs, status, last_run_number, created_us,"
    " updated_us) VALUES ('r', 'R', 'w', '{}', '{}', FALSE, 'IDLE', 0, 1, 1)",
    "INSERT INTO memory (room_id, key, value, revision, updated_us) VALUES ('r', 'a', '[1]', 2, 5)",
    "INSERT INTO message (room_id, run_id, role, content, at_us) VALUES ('r', 'x', 'user', 'hi', 5)",
)


def to_revision(database, go, revision):
    with database.write() as session:
        config = migrations._config()
        config.attributes["connection"] = connection_of(session)
        go(config, revision)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database):
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))

    with pytest.raises(DatabaseNewer, match=r"'from_the_future'.*run that one"):
        migrate(database)

    with database.read() as session:
        version = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        assert version == "from_the_future"


def test_a_migration_that_fails_leaves_nothing_behind(empty_database_url):
    with closing(Database(empty_database_url)) as database:
        with database.write() as session:
            session.execute(text("CREATE TABLE message (in_the_way INTEGER)"))

        with pytest.raises(Exception, match="message"):
            migrate(database)

        with database.write() as session:
            session.execute(text("DROP TABLE message"))
        migrate(database)
        assert is_current(database)


def test_alembic_itself_finds_nothing_to_generate(database_url):
    checked = subprocess.run(
        [sys.executable, "-m", "alembic", "check"],
        env={**os.environ, "OPENROOMS_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
    assert "No new upgrade operations detected." in checked.stdout


def _migrating_process(url: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", MIGRATE, url], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
