"""What a new connection to SQLite is given: durability, the functions that it lacks."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import time
from functools import cache
from operator import mul
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from engine.core.embedding import values_of

WAL_WITHIN_S = 30
WAL_PAGES = 1_000
"""From here on SQLite writes its log over from the beginning."""
_FRAME_BYTES = 4_096 + 24
_GROWTH_BYTES = 65_536
"""More than SQLite's files grow by at once."""
_CACHE = "cache_size=-16000"
"""In kibibytes."""


def _turn_to_wal(connection: Any) -> None:
    """Of processes that open a new file at once, SQLite tells all but one that it is locked, without waiting."""
    until = time.monotonic() + WAL_WITHIN_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not is_busy or time.monotonic() > until:
                raise
            time.sleep(0.01)


def set_up(connection: Any, _record: object) -> None:
    """Called with each new connection."""
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    _turn_to_wal(connection)
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        f"wal_autocheckpoint={WAL_PAGES}",
        _CACHE,
    ):
        connection.execute(f"PRAGMA {pragma}")
    _add_vectors(connection)
    # SQLite's own knows ASCII alone
    connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)


def lay_out_log(connection: Any, path: str) -> None:
    """Make the log of the database at `path` as long as it will be; the database stays as it is.

    Until then each commit makes the file longer, for which the disk takes twice the time (ext4: it writes the file's
    new length besides). What a transaction is rolled back from stays in the log as space.
    """
    log = Path(f"{path}-wal")
    if not log.exists() or log.stat().st_size >= WAL_PAGES * _FRAME_BYTES:
        return
    if connection.execute("PRAGMA synchronous").fetchone() == (0,):  # nobody waits for this disk
        return
    connection.execute("PRAGMA cache_size=10")  # what does not fit goes to the log
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE laid_out (space BLOB)")
        connection.execute("INSERT INTO laid_out VALUES (zeroblob(?))", (WAL_PAGES * _FRAME_BYTES,))
        connection.rollback()
        with log.open("rb+") as file:
            os.fdatasync(file.fileno())
    except (sqlite3.Error, OSError) as reason:  # as of a full disk: it would only have been faster
        logging.getLogger(__name__).info("The log of %s is not laid out: %s", path, reason)
    finally:
        connection.rollback()
        connection.execute(f"PRAGMA {_CACHE}")


def has_room(path: str) -> bool:
    """Whether a file beside the database at `path` can grow: how much of a quota is left is told by nothing else."""
    try:
        with TemporaryFile(dir=Path(path).parent, buffering=0) as file:
            file.write(bytes(_GROWTH_BYTES))
            os.fsync(file.fileno())  # some tell it only then
    except OSError as error:
        return error.errno not in (errno.ENOSPC, errno.EDQUOT)
    return True


def _add_vectors(connection: Any) -> None:
    """sqlite-vec where this Python's SQLite loads extensions, else the one function of it that we use."""
    if hasattr(connection, "enable_load_extension"):
        connection.enable_load_extension(True)
        try:
            connection.load_extension(_vec_path())
            return
        except sqlite3.OperationalError:
            pass  # its library does not fit this machine
        finally:
            connection.enable_load_extension(False)
    connection.create_function("vec_distance_cosine", 2, _distance, deterministic=True)


@cache
def _vec_path() -> str:
    import sqlite_vec  # type: ignore[import-untyped]

    return str(sqlite_vec.loadable_path())


def _distance(one: bytes, other: bytes) -> float:
    """Of two vectors of unit length."""
    return 1.0 - float(sum(map(mul, values_of(one), values_of(other))))
