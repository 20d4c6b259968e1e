"""Filters and page links that live in the address, so that what one sees can be bookmarked and sent."""

from typing import Any, Final

import reflex as rx

from openrooms_app.tsx import tsx_module

_TSX: Final = tsx_module(__file__, "query.tsx")


class SearchFilter(rx.Component):
    library = _TSX
    tag = "SearchFilter"
    lib_dependencies: list[str] = ["lucide-react"]
    name: rx.Var[str]
    label: rx.Var[str]


class SelectFilter(rx.Component):
    library = _TSX
    tag = "SelectFilter"
    name: rx.Var[str]
    label: rx.Var[str]
    all: rx.Var[str]
    unknown: rx.Var[str]
    options: rx.Var[list[dict[str, Any]]]


class MomentFilter(rx.Component):
    library = _TSX
    tag = "MomentFilter"
    name: rx.Var[str]
    label: rx.Var[str]


class PeriodFilter(rx.Component):
    library = _TSX
    tag = "PeriodFilter"
    name: rx.Var[str]
    label: rx.Var[str]
    options: rx.Var[list[dict[str, Any]]]


class Pager(rx.Component):
    library = _TSX
    tag = "Pager"
    next: rx.Var[str]


def search_filter(label: str) -> rx.Component:
    """Writes `?q=`."""
    return SearchFilter.create(name="q", label=label)


def select_filter(name: str, label: str, everything: str, options: Any, unknown: str = "") -> rx.Component:
    """Writes `?name=`; `options` holds {"value", "text"}, `everything` is what stands for no filter."""
    return SelectFilter.create(name=name, label=label, all=everything, options=options, unknown=unknown)


def moment_filter(name: str, label: str) -> rx.Component:
    """Writes `?name=` as RFC 3339 in UTC; shown and typed as local time."""
    return MomentFilter.create(name=name, label=label)


def period_filter(name: str, label: str, options: Any) -> rx.Component:
    """Writes `?name=` where one of the `options` {"value", "text", "seconds"} is chosen, each up to now; otherwise `?name=between`
    with `?since=` and `?until=`, as `moment_filter` does.
    """
    return PeriodFilter.create(name=name, label=label, options=options)


def pager(next_cursor: rx.Var[str]) -> rx.Component:
    """Under a list that comes in pages; the page's fetch reads `?cursor=`."""
    return Pager.create(next=next_cursor)
