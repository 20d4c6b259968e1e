"""Brings a database to the tables this code knows; safe when several processes do it at once."""

import functools
import io
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import Session

from engine.core.errors import OpenRoomsError
from engine.store import recall
from engine.store.database import Database, connection_of

LOCK = 0x6F70656E726F6F6D
"""The advisory lock under which PostgreSQL is migrated: "openroom" in ASCII."""


class DatabaseNewer(OpenRoomsError):
    code = "database_newer"

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is at revision {revision!r}, which this version of OpenRooms doesn't know. "
            "A newer version has used it: run that one, or give this one a database of its own."
        )


def migrate(database: Database) -> None:
    """Apply what is missing, all of it or nothing.

    Raises:
        DatabaseNewer: the database was migrated by a newer version.
    """
    if is_current(database):
        return
    with database.write() as session:
        if not database.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        _refuse_newer(session)
        config = _config()
        config.attributes["connection"] = connection_of(session)
        command.upgrade(config, "head")


def is_current(database: Database) -> bool:
    """Whether nothing is missing.

    Raises:
        DatabaseNewer: the database was migrated by a newer version.
    """
    with database.read() as session:
        return _refuse_newer(session) == _revisions()[0]


def _refuse_newer(session: Session) -> str | None:
    """The database's revision, None when it is empty."""
    revision = MigrationContext.configure(connection_of(session)).get_current_revision()
    if revision is not None and revision not in _revisions():
        raise DatabaseNewer(revision)
    return revision


def is_known(name: str | None, kind: str, _parents: object) -> bool:
    """For alembic: whether the code's tables tell of it; what searches need beside them is made by hand."""
    return kind not in ("table", "index") or not (name or "").startswith(recall.BESIDE)


@functools.cache
def _revisions() -> tuple[str, ...]:
    """Those that this code knows, newest first."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(script.revision for script in scripts.walk_revisions())


def _config() -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _folder() -> Path:
    """Beside `engine` in a checkout, inside it when installed from a wheel."""
    inside = Path(__file__).parents[1] / "alembic"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "alembic"
