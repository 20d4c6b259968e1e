"""Who may do what: three roles in a row, and the mark that each event handler must carry."""

from collections.abc import Callable
from typing import Final, Literal, TypeVar

Role = Literal["viewer", "editor", "admin"]
RANK: Final[dict[str, int]] = {"viewer": 0, "editor": 1, "admin": 2}

_MARK: Final = "__openrooms_role__"
F = TypeVar("F", bound=Callable[..., object])


def requires(role: Role) -> Callable[[F], F]:
    """Say which role an event handler needs; a handler without it is refused to everybody.

    Stands under `@rx.event`: `@rx.event` / `@requires("editor")` / `def rename(self, name: str): ...`.
    """

    def mark(handler: F) -> F:
        setattr(handler, _MARK, role)
        return handler

    return mark


def needed_role(handler: Callable[..., object]) -> Role | None:
    """The role that a handler was marked with, or None if it was not."""
    return getattr(handler, _MARK, None)


def is_allowed(role: str, needed: str) -> bool:
    return RANK.get(role, -1) >= RANK[needed]
