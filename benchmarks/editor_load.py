"""How heavy the editor is and how soon its canvas stands, in a real Chromium.

    python -m benchmarks.editor_load [URL NAME PASSWORD]

Without an address it starts an installation of its own.

Prints one JSON line: gzip kilobytes of JavaScript, milliseconds from navigation to the first card (median of 5, cold
cache each time), resident megabytes of the processes that `up` started.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import CHROMIUM_ARGUMENTS, find_chromium
from tests.fixtures.running import PASSWORDS, running

ROOT = Path(__file__).parents[1]

ROUNDS = 5


def load_once(browser: Browser, url: str, name: str, password: str) -> tuple[float, float]:
    """(milliseconds to the first card, kilobytes of JavaScript over the wire) with an empty cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    login = json.dumps({"name": name, "password": password})
    context.request.post(f"{url}/api/auth/login", data=login, headers={"content-type": "application/json"})
    workflow = context.request.get(f"{url}/api/workflows").json()["items"][0]["id"]
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    scripts: set[str] = set()
    weight = {"bytes": 0.0}
    network.on(
        "Network.responseReceived",
        lambda event: scripts.add(event["requestId"]) if event["type"] == "Script" else None,
    )
    network.on(
        "Network.loadingFinished",
        lambda event: (
            weight.update(bytes=weight["bytes"] + event["encodedDataLength"])
            if event["requestId"] in scripts
            else None
        ),
    )
    began = time.perf_counter()
    page.goto(f"{url}/workflows/{workflow}", wait_until="commit")
    page.locator(".react-flow__node").first.wait_for()
    took_ms = (time.perf_counter() - began) * 1000
    page.wait_for_load_state("networkidle")
    context.close()
    return took_ms, weight["bytes"] / 1000


def resident_mb() -> dict[str, float]:
    """Resident megabytes of each process of the installation, by what it is."""
    found: dict[str, float] = {}
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_text().replace("\0", " ")
            part = next(
                (
                    name
                    for name in ("cli web", "cli worker", "openrooms up", "valkey-server")
                    if name in command
                ),
                None,
            )
            if part and entry.name.isdigit():
                pages = int((entry / "statm").read_text().split()[1])
                found[part.split()[-1]] = round(pages * 4096 / 1e6)
        except OSError:
            continue
    return found


def main() -> None:
    if len(sys.argv) == 4:
        measure(*sys.argv[1:4])
        return
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as app:
        for template in sorted((ROOT / "engine" / "templates").glob("*.json")):
            app.make_room(json.loads(template.read_text()))
        measure(app.url, "Ada", PASSWORDS["Ada"])


def measure(url: str, name: str, password: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))
        rounds = [load_once(browser, url, name, password) for _ in range(ROUNDS)]
        browser.close()
    print(
        json.dumps(
            {
                "benchmark": "editor_load",
                "canvas_ms_p50": round(statistics.median(took for took, _ in rounds)),
                "canvas_ms_all": [round(took) for took, _ in rounds],
                "js_kb_gzip": round(rounds[-1][1]),
                "resident_mb": resident_mb(),
            }
        )
    )


if __name__ == "__main__":
    main()
