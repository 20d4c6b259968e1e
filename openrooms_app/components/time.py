"""Times and durations as people say them."""

from typing import Any, Final

import reflex as rx

from openrooms_app.tsx import tsx_module

_TSX: Final = tsx_module(__file__, "time.tsx")


class RelativeTime(rx.Component):
    library = _TSX
    tag = "RelativeTime"
    at: rx.Var[str]
    none: rx.Var[str]
    absolute: rx.Var[bool]


class Duration(rx.Component):
    library = _TSX
    tag = "Duration"
    ms: rx.Var[Any]
    since: rx.Var[Any]


def relative_time(at: str | rx.Var[Any], none: str = "never") -> rx.Component:
    """ "3m ago", with the local date and UTC on hover; `at` is RFC 3339, `none` stands for an empty one."""
    return RelativeTime.create(at=at, none=none)


def local_time(at: str | rx.Var[Any], none: str = "–") -> rx.Component:
    """The date and time here, with UTC on hover."""
    return RelativeTime.create(at=at, none=none, absolute=True)


def duration(ms: float | rx.Var[Any], since: rx.Var[Any] | None = None) -> rx.Component:
    """A length of time given in milliseconds; None shows a dash. With `since`, a moment, one that goes on."""
    return Duration.create(ms=ms, **({} if since is None else {"since": since}))
