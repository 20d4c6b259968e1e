"""The installation's health: what answers, what it stands on, which workers are there, which versions run."""

import platform
from importlib.metadata import version
from typing import Any, Final

import reflex as rx

from engine.core.identity import Role, User
from engine.runtime import Runtime
from engine.services import doctor, health, overview, tools
from openrooms_app.components import badge, cell, facts, panel, relative_time, row, table
from openrooms_app.following import Query, draw_again, keep_drawn
from openrooms_app.pages.settings.frame import loaded
from openrooms_app.roles import requires

REST_S: Final = 3.0
PARTS: Final = {
    "database": "Database",
    "redis": "Redis",
    "workers": "Workers",
    "subscriptions": "Subscriptions",
}
COUNTED: Final = {"workers": "alive"}


class HealthPage(rx.State):
    checks: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    """What it stands on, for administrators alone."""
    workers: list[dict[str, Any]] = []
    about: dict[str, str] = {}
    is_loading: bool = True
    error: str = ""

    @rx.event(background=True)
    @requires("viewer")
    async def follow(self) -> None:
        await keep_drawn(self, fetch, REST_S)

    @rx.event
    @requires("viewer")
    async def refresh(self) -> None:
        await draw_again(self, fetch)


def fetch(rt: Runtime, user: User, _query: Query) -> dict[str, Any]:
    return {
        "checks": [_part(name, check) for name, check in health.check(rt).checks.items()],
        "findings": _findings(rt, user) if user.role is Role.ADMIN else [],
        "workers": [worker.plain() for worker in overview.list_workers(rt, user)],
        "about": {
            "version": version("openrooms"),
            "python": platform.python_version(),
            "reflex": version("reflex"),
            "database": rt.settings.effective_database_url.partition(":")[0].partition("+")[0],
        },
    }


def _part(name: str, check: health.Check) -> dict[str, Any]:
    answered = "" if check.latency_ms is None else f"answers in {check.latency_ms:.1f} ms"
    counted = f"{check.count} {COUNTED[name]}" if name in COUNTED else ""
    fine = answered or counted or "all can be told" * (name == "subscriptions")
    return {
        "name": PARTS.get(name, name.capitalize()),
        "state": "down" if check.status != "up" else "look" if check.detail else "up",
        "told": pieces(check.detail or fine),
    }


def _findings(rt: Runtime, user: User) -> list[dict[str, Any]]:
    found = [
        {"name": item.name.capitalize(), "state": "up" if item.is_fine else "look",
         "told": pieces(item.found if item.is_fine else f"{item.found}: {item.remedy}")}
        for item in doctor.conditions(rt, user)
    ]  # fmt: skip
    sources = [
        {"name": source.kind, "state": "look" if source.fault else "up",
         "told": pieces(f"{source.name}: {source.fault or f'{source.tools} tools'}")}
        for source in tools.list_sources(rt, user) if source.kind != "file"
    ]  # fmt: skip
    return found + sources


def pieces(text: str) -> list[dict[str, Any]]:
    """A sentence as {text, is_code}: what it has between backticks is to be typed."""
    return [
        {"text": piece, "is_code": place % 2 == 1} for place, piece in enumerate(text.split("`")) if piece
    ]


state: Any = HealthPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""


def health_view() -> rx.Component:
    findings = panel(_list(state.findings, "Installation"), title="What it stands on")
    return loaded(
        state,
        rx.fragment(
            panel(
                _list(state.checks, "Health"),
                rx.cond(state.workers.length() > 0, _workers(), rx.fragment()),
                title="Health",
                class_name="overflow-hidden",
            ),
            rx.cond(state.findings.length() > 0, findings, rx.fragment()),
            _about(),
        ),
    )


def _list(items: Any, label: str) -> rx.Component:
    return rx.el.ul(rx.foreach(items, _item), aria_label=label)


def _item(item: Any) -> rx.Component:
    mark = rx.match(
        item["state"],
        ("up", badge("Fine", color="ok")),
        ("look", badge("Look", color="wait")),
        badge("Down", color="fail"),
    )
    return rx.el.li(
        rx.el.span(item["name"], class_name="w-28 shrink-0 font-medium"),
        rx.el.span(mark, class_name="w-14 shrink-0"),
        rx.el.span(
            rx.foreach(item["told"].to(list[dict[str, Any]]), _piece),
            class_name="min-w-0 break-words text-mute",
        ),
        class_name="flex min-h-10 items-center gap-3 border-b border-line px-4 py-1.5 text-sm last:border-0",
    )


def _piece(piece: Any) -> rx.Component:
    typed = rx.el.code(piece["text"], class_name="rounded bg-hover px-1 py-px font-mono text-xs text-ink")
    return rx.cond(piece["is_code"], typed, rx.el.span(piece["text"]))


def _workers() -> rx.Component:
    columns = ("Worker", "State", "Threads", "Started")
    return rx.el.div(
        table(columns, rx.foreach(state.workers, _worker), label="Workers", is_still=True),
        class_name="border-t border-line",
    )


def _worker(item: Any) -> rx.Component:
    return row(
        cell(item["host"], rx.el.span(" pid ", item["pid"], class_name="text-mute")),
        cell(rx.cond(item["is_alive"], badge("Alive", color="ok"), badge("Gone"))),
        cell(item["threads"]),
        cell(relative_time(item["started_at"].to(str)), class_name="text-mute"),
    )


def _about() -> rx.Component:
    reference = rx.el.a(
        "Reference",
        href="/api/docs",
        custom_attrs={"reloadDocument": True},
        class_name="text-accent-ink hover:underline",
    )
    names = (("OpenRooms", "version"), ("Python", "python"), ("Reflex", "reflex"), ("Database", "database"))
    return panel(
        rx.el.div(
            facts(*[(title, state.about[name]) for title, name in names], ("API", reference)),
            class_name="p-4",
        ),
        title="About",
    )
