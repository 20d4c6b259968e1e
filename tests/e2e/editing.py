"""The editor under the hand: opens a workflow in it, moves the mouse as a person does, reads what the server keeps."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from playwright.sync_api import Locator, Page, Position, expect

from tests.e2e.conftest import RunningApp

Point = tuple[float, float]
T = TypeVar("T")
GRIP: Final[Position] = {"x": 70, "y": 12}
"""Where a card is pressed: beside its handles and badges."""


def middle(of: Locator) -> Point:
    box = of.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def grip(card: Locator) -> Point:
    box = card.bounding_box()
    assert box
    return box["x"] + GRIP["x"], box["y"] + GRIP["y"]


def still(look: Callable[[], T]) -> T:
    """What `look` gives once it has given the same for some frames: nothing moves any more, or is about to."""
    end, seen = time.monotonic() + 20, [look()]
    while len(seen) < 4:
        time.sleep(0.05)
        now = look()
        seen = [*seen, now] if now == seen[-1] else [now]
        assert time.monotonic() < end, f"it does not come to rest: {now}"
    return seen[-1]


def press(page: Page, at: Point, *, moved: float = 0) -> None:
    """A hand is never quite still."""
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] + moved, at[1])
    page.mouse.up()


@dataclass
class Editing:
    """One workflow open in the editor."""

    app: RunningApp
    page: Page
    id: str

    @property
    def canvas(self) -> Locator:
        return self.page.get_by_test_id("canvas")

    @property
    def inspector(self) -> Locator:
        return self.page.get_by_test_id("inspector")

    @property
    def saved(self) -> Locator:
        return self.page.get_by_test_id("save-state")

    @property
    def announced(self) -> Locator:
        """What a screen reader is told."""
        return self.page.locator("[aria-live=polite].sr-only")

    def node(self, node_id: str) -> Locator:
        return self.canvas.get_by_test_id(f"node-{node_id}")

    def handle(self, node_id: str, name: str) -> Locator:
        return self.page.get_by_test_id(f"handle-{node_id}-{name}")

    def node_ids(self) -> set[str]:
        ids: list[str] = self.page.locator(".react-flow__node-card").evaluate_all(
            "all => all.map(e => e.dataset.id)"
        )
        return set(ids)

    def wait_ready(self) -> None:
        """The drawing is there, and it is known who is: keys do something from now on."""
        self.page.locator("[data-testid=editor][data-phase=ready]").wait_for()

    def wait_saved(self) -> None:
        expect(self.saved).to_have_attribute("data-state", "saved")

    def draft(self) -> dict[str, Any]:
        """The draft as the server keeps it, once all is saved."""
        self.wait_saved()
        found: dict[str, Any] = self.app.ask("GET", f"/api/workflows/{self.id}")["draft"]
        return found

    def nodes(self) -> dict[str, dict[str, Any]]:
        return {node["id"]: node for node in self.draft()["nodes"]}

    def ways(self) -> set[tuple[str, str, str]]:
        return {(way["source"], way["on"], way["target"]) for way in self.draft()["transitions"]}

    def place(self, x: float, y: float) -> Point:
        """A point of the canvas as one of the page."""
        box = self.canvas.bounding_box()
        assert box
        return box["x"] + x, box["y"] + y

    def drop(self, kind: str, x: float, y: float) -> str:
        """Drag a type from the palette to a place on the canvas; the id of the node that came to be."""
        before = self.node_ids()
        self.page.drag_and_drop(
            f'[data-testid="palette-{kind}"]', '[data-testid="canvas"]', target_position={"x": x, "y": y}
        )
        expect(self.page.locator(".react-flow__node-card")).to_have_count(len(before) + 1)
        return (self.node_ids() - before).pop()

    def drag(self, start: Point, end: Point, *, is_held: bool = False) -> None:
        """Press at `start`, move, and let go at `end` unless the button stays held."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 8, steps=5)
        self.page.mouse.move(*end, steps=5)
        if not is_held:
            self.page.mouse.up()

    def connect(self, source: str, handle: str, target: str) -> None:
        self.drag(middle(self.handle(source, handle)), middle(self.handle(target, "in")))

    def into_sight(self, node_id: str) -> None:
        """A hidden card is no one's to press: Playwright would scroll to it, and the canvas scrolls back under the press."""
        if self._is_in_sight(node_id):
            return
        self.page.get_by_label("Fit View").click()
        until = time.monotonic() + 10
        while not self._is_in_sight(node_id):  # the drawing begins to move some frames later
            assert time.monotonic() < until, f"{node_id} does not come into sight"
            self.page.wait_for_timeout(20)

    def _is_in_sight(self, node_id: str) -> bool:
        (x, y), canvas = grip(self.node(node_id)), self.canvas.bounding_box()
        assert canvas
        return 0 < x - canvas["x"] < canvas["width"] and 0 < y - canvas["y"] < canvas["height"]

    def select(self, *node_ids: str) -> None:
        for index, node_id in enumerate(node_ids):
            self.into_sight(node_id)
            self.node(node_id).click(modifiers=["Shift"] if index else [], position=GRIP)


def open_editor(app: RunningApp, page: Page, document: dict[str, Any]) -> Editing:
    """A new workflow with this document, open in the editor of a page that is logged in."""
    workflow = app.ask("POST", "/api/workflows", {"format": "openrooms/workflow@1", **document})
    page.goto(f"{app.url}/workflows/{workflow['id']}")
    editing = Editing(app, page, workflow["id"])
    editing.wait_ready()
    page.locator(".react-flow__node-card").first.wait_for()
    return editing


def node(node_id: str, kind: str, x: float, y: float, **fields: Any) -> dict[str, Any]:
    return {"id": node_id, "type": kind, "name": node_id.capitalize(), "position": {"x": x, "y": y}, **fields}


def way(way_id: str, source: str, target: str, on: str = "ALWAYS", **fields: Any) -> dict[str, Any]:
    return {"id": way_id, "source": source, "target": target, "on": on, **fields}


SUM = {"tool": "calculator", "arguments": {"expression": "1 + 1"}}


def sums() -> dict[str, Any]:
    """START → SUM → END, drawn and sound."""
    return {
        "name": "Sums",
        "nodes": [
            node("start", "START", 0, 0),
            node("sum", "TOOL_EXECUTION", 240, 0, config=SUM),
            node("end", "END", 560, 0, config={"output": {"sum": "{{ vars.sum.number }}"}}),
        ],
        "transitions": [way("t1", "start", "sum"), way("t2", "sum", "end", "SUCCESS")],
    }


def as_text(document: dict[str, Any]) -> str:
    return json.dumps({"format": "openrooms/workflow@1", **document})
