"""The mark that each event handler must carry: the role it takes to send that event."""

from collections.abc import Callable
from typing import Final, TypeVar

from engine.core.identity import Role

_MARK: Final = "__openrooms_role__"
F = TypeVar("F", bound=Callable[..., object])


def requires(role: str) -> Callable[[F], F]:
    """Say which role an event handler needs; a handler without it is refused to everybody.

    Stands under `@rx.event`: `@rx.event`, then `@requires("editor")`, then `def rename(self, name: str)`.
    """
    needed = Role(role)

    def mark(handler: F) -> F:
        setattr(handler, _MARK, needed)
        return handler

    return mark


def needed_role(handler: Callable[..., object]) -> Role | None:
    """The role that a handler was marked with, or None if it was not."""
    return getattr(handler, _MARK, None)
