"""Makes the pictures of docs/gallery.md: `python -m tests.gallery` starts an installation, fills it, and photographs it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.app.conftest import ROOT
from tests.browser import CHROMIUM_ARGUMENTS, find_chromium
from tests.fixtures.running import Running, running

PICTURES = ROOT / "docs" / "pictures"
TEMPLATES = ROOT / "engine" / "templates"
DESK, PHONE = (1440, 900), (390, 844)
QUALITY = 80
"""Of a JPEG, in percent."""

Shown = tuple[str, str, Callable[[Page], None] | None]
"""A picture's name, the address, and what is done there first."""


def template(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((TEMPLATES / f"{name}.json").read_text())
    return found


def fill(app: Running) -> dict[str, str]:
    """Rooms and runs of several kinds; ids by what they are for."""
    rooms = {
        name: app.make_room(template(name))
        for name in (
            "customer_support",
            "content_pipeline",
            "agent_approval",
            "ai_testing",
            "data_processing",
        )
    }
    runs = {name: app.ask("POST", f"/api/rooms/{room}/run", {})["run_id"] for name, room in rooms.items()}
    app.run_until(runs["ai_testing"], "COMPLETED", "FAILED", "WAITING")
    app.run_until(runs["data_processing"], "COMPLETED", "FAILED", "WAITING")
    app.run_until(runs["agent_approval"], "WAITING")
    app.run_until(runs["content_pipeline"], "WAITING", "COMPLETED")
    workflow = app.ask("GET", f"/api/rooms/{rooms['customer_support']}")["workflow_id"]
    room = rooms["data_processing"]
    app.ask(
        "POST",
        f"/api/rooms/{room}/schedules",
        {"name": "Every night", "cron": "0 3 * * *", "zone": "Europe/Paris"},
    )
    app.ask("PUT", f"/api/rooms/{room}/memory/tone", {"value": "Brief and kind", "kind": "LONG_TERM"})
    app.ask(
        "PUT", f"/api/rooms/{room}/memory/refunds", {"value": "Refunds take five days.", "kind": "SEMANTIC"}
    )
    spec = {"provider": "scripted", "model": "echo", "goal": "Answer tickets.", "tools": ["calculator"]}
    agent = app.ask("POST", "/api/agents", {"name": "Support desk", "spec": spec})["id"]
    return {**rooms, "workflow": workflow, "run": runs["ai_testing"], "agent": agent}


def tab(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("tab", name=name).first.click()


def node(name: str) -> Callable[[Page], None]:
    return lambda page: page.locator(f'.react-flow__node[data-id="{name}"]').click()


def all_shown(ids: dict[str, str]) -> list[Shown]:
    return [
        ("home", "/", None),
        ("workflows", "/workflows", None),
        ("editor", f"/workflows/{ids['workflow']}", node("triage")),
        ("rooms", "/rooms", None),
        ("room", f"/rooms/{ids['agent_approval']}", None),
        ("room-timeline", f"/rooms/{ids['ai_testing']}", tab("Timeline")),
        ("room-memory", f"/rooms/{ids['data_processing']}", tab("Memory")),
        ("run", f"/runs/{ids['run']}", None),
        ("runs", "/runs", None),
        ("agent", f"/agents/{ids['agent']}", None),
        ("triggers", "/triggers", None),
        ("tools", "/tools", None),
        ("settings", "/settings/providers", None),
        ("audit", "/audit", None),
    ]


def photograph(browser: Browser, app: Running, shown: list[Shown], look: str, size: tuple[int, int]) -> None:
    width, height = size
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=look)  # type: ignore[arg-type]
    page = context.new_page()
    app.log_in(page, "Ada")
    page.set_viewport_size({"width": width, "height": height})
    for name, path, first in shown:
        page.goto(app.url + path)
        expect(page.get_by_role("heading").first).to_be_visible()
        expect(page.locator(".animate-pulse")).to_have_count(0)
        page.wait_for_timeout(1_500)
        if first is not None:
            first(page)
            page.wait_for_timeout(800)
        place = f"{name}-{'phone' if size == PHONE else look}.jpg"
        page.screenshot(path=PICTURES / place, type="jpeg", quality=QUALITY)
        print(place)  # noqa: T201 - whoever runs it wants to see that it goes on
    context.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "data") as app,
        sync_playwright() as player,
    ):
        shown = all_shown(fill(app))
        browser = player.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))
        for look in ("dark", "light"):
            photograph(browser, app, shown, look, DESK)
        on_phone = [one for one in shown if re.fullmatch("home|rooms|room|run|editor", one[0])]
        photograph(browser, app, on_phone, "dark", PHONE)
        browser.close()


if __name__ == "__main__":
    main()
