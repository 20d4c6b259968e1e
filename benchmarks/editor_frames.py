"""How smooth the editor is with many nodes, in a real Chromium: pan, zoom, drag, insert, open.

    python -m benchmarks.editor_frames [NODES …]

Prints one JSON line for each size (500 and 1,000 unless told): frame times in milliseconds while the hand moves at
60 Hz, milliseconds from the navigation to the first card, and from the click to the inserted card. Beside each stands
what the page's main thread computed for it (`cpu`, milliseconds, for a gesture: each move): a busy machine does not
change that.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page, sync_playwright

from engine.services import identity
from openrooms_app.session import COOKIE
from tests.browser import CHROMIUM_ARGUMENTS, find_chromium
from tests.fixtures.running import PASSWORDS, Running, running

SIZES = (500, 1000)
MOVES = 120
COLUMNS = 25

WATCH = """() => {
    window.frames_ms = [];
    let last = performance.now();
    const tick = now => { window.frames_ms.push(now - last); last = now; window.ticking = requestAnimationFrame(tick); };
    window.ticking = requestAnimationFrame(tick);
}"""
TAKE = "() => { cancelAnimationFrame(window.ticking); return window.frames_ms.slice(1); }"
INSERT = """() => new Promise(done => {
    const from = performance.now();
    const added = () => [...document.querySelectorAll('[data-testid^=node-wait_]')].map(card => card.dataset.testid);
    const before = added();
    const seen = new MutationObserver(() => {
        if (added().every(id => before.includes(id))) return;
        seen.disconnect();
        done(performance.now() - from);
    });
    seen.observe(document.querySelector('.react-flow__nodes'), {childList: true});
    document.querySelector('[data-testid=palette-WAIT]').click();
})"""


def many(count: int) -> dict[str, Any]:
    """A snake of tools, each failing into the next row."""
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "START", "position": {"x": -240, "y": 0}}]
    ways = []
    for index in range(count - 2):
        column, row = index % COLUMNS, index // COLUMNS
        tool = {"tool": "calculator", "arguments": {"expression": f"{index} + 1"}}
        place = {"x": column * 288, "y": row * 120}
        nodes.append({"id": f"n{index}", "type": "TOOL_EXECUTION", "config": tool, "position": place})
        source = f"n{index - 1}" if index else "start"
        ways.append({"id": f"t{index}", "source": source, "target": f"n{index}", "on": "SUCCESS"})
    ways[0]["on"] = "ALWAYS"
    nodes.append({"id": "end", "type": "END", "position": {"x": COLUMNS * 288, "y": 0}})
    ways.append({"id": "last", "source": f"n{count - 3}", "target": "end", "on": "SUCCESS"})
    return {"format": "openrooms/workflow@1", "name": f"{count} nodes", "nodes": nodes, "transitions": ways}


@dataclass(frozen=True)
class Tab:
    page: Page
    metrics: CDPSession

    def cpu_ms(self) -> float:
        """What the page's main thread has computed so far."""
        found = self.metrics.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(each["value"] for each in found if each["name"] == "TaskDuration"))


def new_tab(context: BrowserContext) -> Tab:
    page = context.new_page()
    metrics = context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    return Tab(page, metrics)


def frames(tab: Tab, gesture: Callable[[Page], int]) -> dict[str, float]:
    """`gesture` answers how often it moved."""
    before = tab.cpu_ms()
    tab.page.evaluate(WATCH)
    moves = gesture(tab.page)
    times: list[float] = tab.page.evaluate(TAKE)
    percentiles = {"p50": statistics.median(times), "p95": statistics.quantiles(times, n=20)[-1]}
    return {
        name: round(value, 1)
        for name, value in (percentiles | {"cpu": (tab.cpu_ms() - before) / moves}).items()
    }


def insert(tab: Tab) -> dict[str, float]:
    """The time to the card, and the computing until all is still again."""
    before = tab.cpu_ms()
    took: float = tab.page.evaluate(INSERT)
    tab.page.wait_for_timeout(300)
    return {"ms": round(took), "cpu": round(tab.cpu_ms() - before)}


def pan(page: Page) -> int:
    box = page.get_by_test_id("canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] - 30, box["y"] + 30
    page.mouse.move(x, y)
    page.mouse.down()
    for index in range(MOVES):
        page.mouse.move(x - 4 * index, y + index)
    page.mouse.up()
    return MOVES


def zoom(page: Page) -> int:
    box = page.get_by_test_id("canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for index in range(MOVES // 2):
        page.mouse.wheel(0, 40 if index % 20 < 10 else -40)
    return MOVES // 2


def drag(page: Page) -> int:
    boxes = [card.bounding_box() for card in page.locator(".react-flow__node-card").all()[:60]]
    seen = [box for box in boxes if box and box["x"] > 500 and box["y"] > 200]
    x, y = seen[0]["x"] + seen[0]["width"] / 2, seen[0]["y"] + 6
    page.mouse.move(x, y)
    page.mouse.down()
    for index in range(MOVES):
        page.mouse.move(x + 2 * index, y + index)
    page.mouse.up()
    return MOVES


def measure(tab: Tab, app: Running, count: int) -> dict[str, Any]:
    page = tab.page
    workflow = app.ask("POST", "/api/workflows", many(count))["id"]
    began = time.perf_counter()
    page.goto(f"{app.url}/workflows/{workflow}", wait_until="commit")
    page.locator(".react-flow__node-card").first.wait_for()
    opened = round((time.perf_counter() - began) * 1000)
    page.wait_for_load_state("networkidle")
    found: dict[str, Any] = {"benchmark": "editor_frames", "nodes": count}
    found["open"] = {"ms": opened, "cpu": round(tab.cpu_ms())}
    for view in ("near", "all"):
        if view == "all":
            page.keyboard.press("Shift+1")
            page.wait_for_timeout(600)
        found[view] = {move.__name__: frames(tab, move) for move in (pan, zoom, drag)}
        found[view]["insert"] = insert(tab)
    return found | {"load": round(os.getloadavg()[0], 1)}


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "data") as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))
        for size in sizes:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            token = identity.log_in(app.rt, "Ada", PASSWORDS["Ada"])
            context.add_cookies([{"name": COOKIE, "value": token, "url": app.url}])
            print(json.dumps(measure(new_tab(context), app, size)), flush=True)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
