"""What an open tab costs while nobody touches it: memory of the server, and what the page sends.

    python -m benchmarks.editor_idle [TABS SECONDS]

Prints one JSON line: resident megabytes of the web process for each further tab, half of them editors and half
rooms, and each message or request of an editor and a room within the seconds (30 unless told) that is no heartbeat.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from engine.services import identity
from openrooms_app.session import COOKIE
from tests.browser import CHROMIUM_ARGUMENTS, find_chromium
from tests.fixtures.running import PASSWORDS, Running, running

TEMPLATES = Path(__file__).parents[1] / "engine" / "templates"
WARM = 4
HEARTBEATS = {"2", "3"}
"""Ping and pong of engine.io, the protocol below Reflex's websocket."""
SESSION = "/api/auth/session"
"""Asked once a minute, so that a tab whose session has ended does not go on showing what it shows."""


def web_mb(app: Running) -> float:
    """Resident megabytes of the process that answers the pages."""
    children = Path(f"/proc/{app.process.pid}/task/{app.process.pid}/children").read_text().split()
    web = next(pid for pid in children if "web" in Path(f"/proc/{pid}/cmdline").read_text().split("\0"))
    return int(Path(f"/proc/{web}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def opened(browser: Browser, app: Running, tab: tuple[str, str]) -> Page:
    """A tab of a browser of its own: one browser has six connections to a server, and a seen room keeps one."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    token = identity.log_in(app.rt, "Ada", PASSWORDS["Ada"])
    context.add_cookies([{"name": COOKIE, "value": token, "url": app.url}])
    page = context.new_page()
    address, ready = tab
    page.goto(app.url + address)
    page.locator(ready).first.wait_for()
    page.wait_for_load_state("networkidle")
    return page


def heard(page: Page, seconds: float) -> list[str]:
    """What goes over the wire, but for heartbeats."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    found: list[str] = []

    def frame(way: str, event: dict[str, Any]) -> None:
        data = event["response"]["payloadData"]
        if data not in HEARTBEATS:
            found.append(f"{way} {data[:80]}")

    def asked(url: str) -> None:
        if not url.endswith(SESSION):
            found.append(f"request {url}")

    network.on("Network.webSocketFrameSent", lambda event: frame("sent", event))
    network.on("Network.webSocketFrameReceived", lambda event: frame("received", event))
    network.on("Network.requestWillBeSent", lambda event: asked(event["request"]["url"]))
    page.wait_for_timeout(seconds * 1000)
    return found


def measure(app: Running, browser: Browser, tabs: int, seconds: float) -> dict[str, Any]:
    room = app.make_room(json.loads(min(TEMPLATES.glob("*.json")).read_text()))
    workflow = app.ask("GET", f"/api/rooms/{room}")["workflow_id"]
    kinds = {
        "editor": (f"/workflows/{workflow}", ".react-flow__node-card"),
        "room": (f"/rooms/{room}", "[data-testid=run-graph]"),
    }
    both = list(kinds.values())
    pages = [opened(browser, app, both[index % 2]) for index in range(WARM)]
    before = web_mb(app)
    pages += [opened(browser, app, both[index % 2]) for index in range(tabs)]
    after = web_mb(app)
    said = {kind: heard(page, seconds) for kind, page in zip(kinds, pages, strict=False)}
    return {
        "benchmark": "editor_idle",
        "tabs": tabs,
        "mb_per_tab": round((after - before) / tabs, 2),
        "web_mb": round(after),
        "seconds": seconds,
        "said": said,
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    tabs, seconds = (int(value) for value in sys.argv[1:3]) if len(sys.argv) > 2 else (8, 30)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "data") as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))
        print(json.dumps(measure(app, browser, tabs, seconds)), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
