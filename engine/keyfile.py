"""Keys in files that only their owner can read: made once, whole, whoever else makes them at the same time."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def kept(path: Path) -> list[str]:
    """The lines of the file; one new random key if there was none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = _written(path, [new_key()])
        try:
            os.link(fresh, path)  # unlike a rename it lets whoever came first win
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().split()


def prepend(path: Path, key: str) -> None:
    """Make `key` the first line; all others stay."""
    with _alone(path):
        os.replace(_written(path, [key, *kept(path)]), path)


def new_key() -> str:
    return secrets.token_hex(32)


def _written(path: Path, lines: list[str]) -> Path:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with open(fresh, "x", opener=_private) as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return fresh


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with open(path.with_name(f"{path.name}.lock"), "w", opener=_private) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
