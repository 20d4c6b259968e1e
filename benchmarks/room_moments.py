"""How fast the room's page travels through runs, scrolls a log of a million lines and keeps up with a run, in a real Chromium.

    python -m benchmarks.room_moments                 # all of it: some three minutes
    python -m benchmarks.room_moments moves log       # chosen parts: moves, log, live

It starts an installation of its own; every line is of a run that its worker made.

Prints one JSON line for each part, times in milliseconds. `moves`: from the key to the next frame that shows the moment,
in a run of some 5,000 events and in one of 100,000 (median, 95th percentile), and what one costs the page's thread.
`log`: a run of a million events: when all of it is there, the page's heap then, a frame while it is scrolled, a jump to lines
that have to be read again, a search through all of it. `live`: from an event's own time to the frame that shows its line,
at some 1,000 events a second, and the frames meanwhile.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.engine import workflows
from benchmarks.engine.installation import PLUGIN
from engine.core.times import parse_rfc3339
from tests.browser import CHROMIUM_ARGUMENTS, find_chromium
from tests.fixtures.drawings import drawing
from tests.fixtures.running import Running, running

MOVES: Final = 60
SHORT, LONG, MILLION = 455, 9_100, 90_900
"""Rounds of a loop; one makes eleven events."""
EVENTS_PER_S: Final = 1_100
"""Aimed at: beside a page that watches, a step takes longer than the one tried."""
LIVE_S: Final = 12
TRIED: Final = 300
"""Steps of the run that tells how fast steps can follow each other here."""


def looping(rounds: int) -> dict[str, Any]:
    return drawing(
        f"start > add -SUCCESS> decide -vars.add.number<{rounds}?> add; decide > end",
        add={
            "config": {
                "tool": "calculator",
                "arguments": {"expression": "{{ has(vars.add) ? vars.add.number : 0 }} + 1"},
            }
        },
    ) | {"name": f"{rounds} rounds", "limits": {"max_steps": 1_000_000}}


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
    return { frames, rows: box.querySelectorAll('[role=option]').length };
}"""
# To a share of the whole log: until its lines stand there.
READ_AGAIN = """async (share) => {
    const box = document.querySelector('[data-testid="log-lines"]');
    const began = performance.now();
    box.scrollTop = (box.scrollHeight - box.clientHeight) * share;
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    while ([...box.querySelectorAll("[role=option]")].some((row) => !row.querySelector("time"))) await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""
# Of each line the first frame that shows it, after that was painted; and the times between frames.
WATCH = """() => {
    const [late, frames] = [[], []];
    let [seen, before] = [0, performance.now()];
    const look = (now) => {
        frames.push(now - before);
        before = now;
        const fresh = [...document.querySelectorAll('[data-testid="log-lines"] [role=option]')].filter((row) => Number(row.dataset.seq) > seen);
        const times = fresh.map((row) => Date.parse(row.querySelector("time").dateTime));
        seen = Math.max(seen, ...fresh.map((row) => Number(row.dataset.seq)));
        setTimeout(() => { for (const time of times) late.push(Date.now() - time); });
        if (window.watching) requestAnimationFrame(look);
    };
    window.watching = true;
    window.watched = () => ({ late, frames });
    requestAnimationFrame(look);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Times of the room's page.")
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    chosen = parser.parse_args().parts or [*PARTS]
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "data", PYTHONPATH=str(PLUGIN)) as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        app.log_in(page, "Ada")
        for name in chosen:
            print(json.dumps({"benchmark": f"room_{name}", **PARTS[name](page, app)}), flush=True)
        browser.close()


def opened(page: Page, app: Running, rounds: int) -> tuple[int, float]:
    """A run of so many rounds, opened: the number of its events, and seconds until all are there."""
    room = app.make_room(looping(rounds))
    last = int(app.run_until(app.start(room), "COMPLETED", "FAILED", within_s=600)["seq"])
    began = time.perf_counter()
    page.goto(f"{app.url}/rooms/{room}?run=1")
    page.wait_for_function(
        "last => document.querySelector('[aria-label=\"Moment of the run\"]')?.max == last",
        arg=str(last),
        timeout=300_000,
    )
    return last, time.perf_counter() - began


def moves(page: Page, app: Running) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, rounds in {"short": SHORT, "long": LONG}.items():
        last, there_s = opened(page, app, rounds)
        page.get_by_test_id("node-add").click()
        jumps = [{"to": 1 + (step * 7919) % last} for step in range(MOVES)]
        page.wait_for_timeout(1000)
        found[name] = {"events": last, "all_there_s": round(there_s, 1), "jump": timed(page, jumps)}
        found[name]["step"] = timed(page, [{"key": ","} for _ in range(MOVES)])
        page.get_by_role("tab", name="Timeline").click()
        found[name]["jump_timeline"] = timed(page, jumps)
    return found


def timed(page: Page, moves: Sequence[dict[str, Any]]) -> dict[str, float]:
    """How long each move takes; `cpu_ms` is what one costs the page's own thread, whoever else has the machine."""
    busy_s = thread_clock(page)
    before = busy_s()
    took = [page.evaluate(TIME_ONE, move)[0] for move in moves]
    return spread(took) | {"cpu_ms": round((busy_s() - before) * 1000 / len(moves), 1)}


def thread_clock(page: Page) -> Callable[[], float]:
    """Seconds that the page's own thread has been at work, whoever else has the machine."""
    clock = page.context.new_cdp_session(page)
    clock.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy_s() -> float:
        metrics = clock.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))

    return busy_s


def spread(took: Sequence[float]) -> dict[str, float]:
    ordered = sorted(took)
    return {
        "p50_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)], 1),
        "max_ms": round(ordered[-1], 1),
    }


def log(page: Page, app: Running) -> dict[str, Any]:
    last, there_s = opened(page, app, MILLION)
    page.get_by_label("Least level").select_option("DEBUG")
    expect(page.get_by_test_id("log-count")).to_have_text(f"{last:,} lines")
    clock = page.context.new_cdp_session(page)
    clock.send("HeapProfiler.collectGarbage")
    heap = clock.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    scrolled = page.evaluate(SCROLL)
    page.wait_for_timeout(1000)
    read = [page.evaluate(READ_AGAIN, (0.05 + 0.17 * step) % 1) for step in range(20)]
    began = time.perf_counter()
    page.get_by_label("Search the log").fill(f"number {MILLION // 2}")
    expect(page.get_by_test_id("log-count")).to_contain_text("of", timeout=60_000)
    page.get_by_text("searching", exact=True).wait_for(state="detached", timeout=60_000)
    return {
        "lines": last,
        "all_there_s": round(there_s, 1),
        "heap_mb": round(heap),
        "rows_in_page": scrolled["rows"],
        "scroll_frame": spread(scrolled["frames"]),
        "read_again": spread(read),
        "search_s": round(time.perf_counter() - began, 1),
    }


def live(page: Page, app: Running) -> dict[str, Any]:
    step_s = 7 / EVENTS_PER_S  # a step makes seven events
    room = app.make_room(resting(TRIED, step_s))
    tried = app.run_until(app.start(room, {"x": 0}), "COMPLETED", within_s=60)
    beside_s = (
        _seconds_of(tried) / TRIED - step_s
    )  # what a step takes besides its rest, which then is shorter by that
    room = app.make_room(resting(round(LIVE_S / step_s), max(step_s - beside_s, 0)))
    page.goto(f"{app.url}/rooms/{room}")
    page.get_by_label("Least level").select_option("DEBUG")
    run = app.start(room, {"x": 0})
    page.get_by_test_id("log-lines").wait_for()
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    busy_s = thread_clock(page)
    before = busy_s()
    seq = app.run_until(run, "RUNNING")["seq"]
    done = app.run_until(run, "COMPLETED", "FAILED", within_s=300)
    found = page.evaluate("() => { window.watching = false; return window.watched(); }")
    return {
        "events_per_s": round(done["seq"] / _seconds_of(done)),
        "lines_seen": len(found["late"]),
        "cpu_us_per_event": round((busy_s() - before) * 1e6 / (done["seq"] - seq)),
        "event_to_pixel": spread(found["late"]),
        "frame": spread(found["frames"]),
    }


def resting(steps: int, rest_s: float) -> dict[str, Any]:
    return workflows.loop(steps, "bench_rest", seconds=round(rest_s, 6))


def _seconds_of(run: dict[str, Any]) -> float:
    return (parse_rfc3339(run["ended_at"]) - parse_rfc3339(run["started_at"])) / 1e6


PARTS: Final[dict[str, Callable[[Page, Running], dict[str, Any]]]] = {
    "moves": moves,
    "log": log,
    "live": live,
}

if __name__ == "__main__":
    main()
