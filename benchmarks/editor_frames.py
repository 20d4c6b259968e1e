"""How smooth the editor is with many nodes, in a real Chromium: pan, zoom, drag, insert, open.

    python -m benchmarks.editor_frames [NODES …]

Prints one JSON line for each size (500 and 1,000 unless told): frame times in milliseconds while the hand moves at
60 Hz, milliseconds from the navigation to the first card, and from the key to the inserted card.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

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
    const before = document.querySelectorAll('.react-flow__node').length;
    const seen = new MutationObserver(() => {
        if (document.querySelectorAll('.react-flow__node').length <= before) return;
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


def frames(page: Page, gesture: Callable[[Page], None]) -> dict[str, float]:
    page.evaluate(WATCH)
    gesture(page)
    times: list[float] = page.evaluate(TAKE)
    return {"p50": round(statistics.median(times), 1), "p95": round(statistics.quantiles(times, n=20)[-1], 1)}


def pan(page: Page) -> None:
    box = page.get_by_test_id("canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] - 30, box["y"] + 30
    page.mouse.move(x, y)
    page.mouse.down()
    for index in range(MOVES):
        page.mouse.move(x - 4 * index, y + index)
    page.mouse.up()


def zoom(page: Page) -> None:
    box = page.get_by_test_id("canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for index in range(MOVES // 2):
        page.mouse.wheel(0, 40 if index % 20 < 10 else -40)


def drag(page: Page) -> None:
    boxes = [card.bounding_box() for card in page.locator(".react-flow__node-card").all()[:60]]
    seen = [box for box in boxes if box and box["x"] > 500 and box["y"] > 200]
    x, y = seen[0]["x"] + seen[0]["width"] / 2, seen[0]["y"] + 6
    page.mouse.move(x, y)
    page.mouse.down()
    for index in range(MOVES):
        page.mouse.move(x + 2 * index, y + index)
    page.mouse.up()


def measure(page: Page, app: Running, count: int) -> dict[str, Any]:
    workflow = app.ask("POST", "/api/workflows", many(count))["id"]
    began = time.perf_counter()
    page.goto(f"{app.url}/workflows/{workflow}", wait_until="commit")
    page.locator(".react-flow__node-card").first.wait_for()
    opened = round((time.perf_counter() - began) * 1000)
    page.wait_for_load_state("networkidle")
    found: dict[str, Any] = {"benchmark": "editor_frames", "nodes": count, "open_ms": opened}
    for view in ("near", "all"):
        if view == "all":
            page.keyboard.press("Shift+1")
            page.wait_for_timeout(600)
        found[view] = {move.__name__: frames(page, move) for move in (pan, zoom, drag)}
    found["insert_ms"] = round(page.evaluate(INSERT))
    return found


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
            print(json.dumps(measure(context.new_page(), app, size)), flush=True)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
