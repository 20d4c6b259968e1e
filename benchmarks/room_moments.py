"""How fast the room's page travels through a long run and scrolls a long log, in a real Chromium.

    python -m benchmarks.room_moments

It starts an installation of its own and makes one run of some 5,000 events in it; the log's 100,000 lines come by a
stream that this script serves in the page's place of it.

Prints one JSON line: milliseconds of each kind of move from the key to the next frame that shows it (median, 95th
percentile) and of the page's thread for one, of a frame while the log scrolls, and how long the run's events took to be there.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

from tests.browser import CHROMIUM_ARGUMENTS, find_chromium
from tests.fixtures.drawings import drawing
from tests.fixtures.running import Running, running

MOVES = 60
ROUNDS = 455
LINES = 100_000

LOOPING = drawing(
    "start > add -SUCCESS> decide -vars.add.number<N?> add; decide > end".replace("N", str(ROUNDS)),
    add={
        "config": {
            "tool": "calculator",
            "arguments": {"expression": "{{ has(vars.add) ? vars.add.number : 0 }} + 1"},
        }
    },
) | {"name": "Looping", "limits": {"max_steps": 10_000}}

# From the event that asks for a move to the first frame after React has drawn it.
TIME_ONE = """async (move) => {
    const slider = document.querySelector('[aria-label="Moment of the run"]');
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    const began = performance.now();
    if (move.key) document.body.dispatchEvent(new KeyboardEvent("keydown", { key: move.key, bubbles: true }));
    else { set.call(slider, String(move.to)); slider.dispatchEvent(new Event("input", { bubbles: true })); }
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return [performance.now() - began, Number(slider.value)];
}"""
SCROLL = """async () => {
    const box = document.querySelector('[data-testid="log-lines"]');
    const frames = [];
    const end = box.scrollHeight - box.clientHeight;
    let before = await new Promise(requestAnimationFrame);
    for (let step = 1; step <= 120; step += 1) {
        box.scrollTop = (end * ((step * 37) % 120)) / 120;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - before);
        before = now;
    }
    return { frames, lines: Math.round(box.scrollHeight / 24), rows: box.querySelectorAll('[role=option]').length };
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as app:
        room = app.make_room(LOOPING)
        run = app.start(room)
        done = app.run_until(run, "COMPLETED", "FAILED", within_s=300)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS)
            )
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            app.log_in(page, "Ada")
            print(
                json.dumps(
                    {
                        "benchmark": "room_moments",
                        **moves(page, app, room, done["seq"]),
                        **log(page, app, room),
                    }
                )
            )
            browser.close()


def moves(page: Page, app: Running, room: str, last: int) -> dict[str, Any]:
    began = time.perf_counter()
    page.goto(f"{app.url}/rooms/{room}?run=1")
    page.wait_for_function(
        "last => document.querySelector('[aria-label=\"Moment of the run\"]')?.max == last", arg=str(last)
    )
    there_ms = (time.perf_counter() - began) * 1000
    page.get_by_test_id("node-add").click()
    jumps = [{"to": 1 + (step * 7919) % last} for step in range(MOVES)]
    page.wait_for_timeout(1000)
    found = {"jump": timed(page, jumps)}
    found["step"] = timed(page, [{"key": ","} for _ in range(MOVES)])
    page.get_by_role("tab", name="Timeline").click()
    found["jump_timeline"] = timed(page, jumps)
    return {"events": last, "all_there_ms": round(there_ms), **found}


def timed(page: Page, moves: Sequence[dict[str, Any]]) -> dict[str, float]:
    """How long each move takes; `cpu_ms` is what one costs the page's own thread, whoever else has the machine."""
    clock = page.context.new_cdp_session(page)
    clock.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy_s() -> float:
        metrics = clock.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))

    before = busy_s()
    took = [page.evaluate(TIME_ONE, move)[0] for move in moves]
    return spread(took) | {"cpu_ms": round((busy_s() - before) * 1000 / len(moves), 1)}


def spread(took: Sequence[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {
        "p50_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)], 1),
        "max_ms": round(ordered[-1], 1),
    }


def log(page: Page, app: Running, room: str) -> dict[str, Any]:
    """Scroll through a log that no run of this length has to be made for."""
    run = app.ask("GET", f"/api/rooms/{room}/runs")["items"][0]["id"]

    def serve(route: Route) -> None:
        parts = [
            f"id: {seq}\nevent: event\ndata: {json.dumps(line(run, seq))}\n\n" for seq in range(1, LINES + 1)
        ]
        route.fulfill(content_type="text/event-stream", body="".join(parts))

    page.route("**/api/rooms/*/stream*", serve, times=1)
    page.route("**/api/rooms/*/stream*after=*", lambda route: route.abort())
    page.goto(f"{app.url}/rooms/{room}?run=1")
    page.get_by_role("tab", name="Log").click()
    count = page.get_by_test_id("log-count")
    page.wait_for_function(
        "([box, least]) => Number(box.textContent.replace(/[^0-9].*$/s, '').replace(/\\D/g, '')) >= 0 && box.textContent.includes(least)",
        arg=[count.element_handle(), f"{LINES:,}"],
        timeout=120_000,
    )
    scrolled = page.evaluate(SCROLL)
    return {
        "lines": scrolled["lines"],
        "rows_in_page": scrolled["rows"],
        "scroll_frame": spread(scrolled["frames"]),
    }


def line(run: str, seq: int) -> dict[str, Any]:
    return {
        "run_id": run,
        "seq": seq,
        "type": "TOOL_COMPLETED",
        "level": "INFO",
        "at": "2026-01-01T00:00:00.000000Z",
        "node_id": "add",
        "step": None,
        "attempt": None,
        "branch": "",
        "message": f"Line {seq} of a long log",
        "data": {},
        "error": None,
        "duration_ms": None,
    }


if __name__ == "__main__":
    main()
