"""Lists come in pages: a limit, an opaque cursor that says where the next one begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from engine.core.document import Frozen
from engine.core.errors import InvalidInput

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100

T = TypeVar("T")


class Page(Frozen, Generic[T]):
    """`next_cursor` is None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


class Paging(Frozen):
    """Which page is asked for; `cursor` is what the page before gave as `next_cursor`."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def after(self) -> str | None:
        """The key of the last item already seen.

        Raises:
            InvalidInput: the limit is out of bounds, or the cursor was not given out by us.
        """
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidInput(f"limit is {self.limit}; it must be between 1 and {MAX_LIMIT}.")
        return None if self.cursor is None else _read(self.cursor)

    def page(self, found: Sequence[T], key: Callable[[T], object]) -> Page[T]:
        """A page of `found`, which was asked for with one item more than `limit`."""
        items = tuple(found[: self.limit])
        has_more = len(found) > self.limit
        return Page(items=items, next_cursor=_write(str(key(items[-1]))) if has_more else None)


FIRST_PAGE = Paging()


def _write(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    try:
        key = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        key = ""
    if not key or not key.isprintable():
        raise InvalidInput(
            f"{cursor[:80]!r} is no cursor. Pass the next_cursor of the page before, unchanged."
        )
    return key
