"""Tells alembic which database and which tables; a caller may bring its own connection and transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import engine.store.agent_tables
import engine.store.tables  # noqa: F401
from engine.settings import Settings
from engine.store.database import Database, connection_of
from engine.store.migrations import is_known


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """SQLModel's string type as SQLAlchemy's own, so that a migration needs SQLAlchemy alone."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_item=render_item,
        include_name=is_known,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


def run_from_the_command_line() -> None:
    database = Database(Settings().effective_database_url)
    try:
        with database.write() as session:
            run(connection_of(session))
    finally:
        database.close()


if given := context.config.attributes.get("connection"):
    run(given)
else:
    run_from_the_command_line()
