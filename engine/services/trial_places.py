"""How many may try out a tool or an agent at once: each holds one of the threads that answer everybody else, for minutes perhaps."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from engine.core.errors import OpenRoomsError

AT_ONCE = 16
"""In one process, whose requests have forty threads."""
_places = BoundedSemaphore(AT_ONCE)


class TooManyTrials(OpenRoomsError):
    code = "too_many_trials"

    def __init__(self) -> None:
        super().__init__(f"{AT_ONCE} tools and agents are being tried out already. Try again in a moment.")

    @property
    def extra(self) -> dict[str, object]:
        return {"retry_after_s": 5}


@contextmanager
def a_place() -> Iterator[None]:
    """
    Raises:
        TooManyTrials
    """
    if not _places.acquire(blocking=False):
        raise TooManyTrials
    try:
        yield
    finally:
        _places.release()
