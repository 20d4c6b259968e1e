"""A run told as its steps: a fold over its public events."""

from collections.abc import Iterable
from typing import Any

from engine.core.document import NodeTypeName
from engine.core.turns import tell_turn

Step = dict[str, Any]


def steps_of(events: Iterable[dict[str, Any]], first: int = 0, most: int | None = None) -> list[Step]:
    """Its steps in the order they were entered: at most so many, after the first ones; others are not gathered.

    Each: {step, node_id, type, name, branch, attempt, status, started_at, ended_at, duration_ms, input, output,
    error, transition, tokens, cost_usd}; status is running, waiting, retrying, done, failed, skipped, pinned or cancelled,
    the last also for what was under way when the run ended. An agent's has `turns` too: see engine.core.turns.
    """
    steps: dict[int, Step] = {}
    entered: set[int] = set()
    for event in events:
        number = event["step"]
        if event["type"] in _ENDS:
            for step in steps.values():
                _cancelled(step, event)
        if event["type"] == "NODE_ENTERED" and number not in entered:
            if len(entered) >= first and (most is None or len(steps) < most):
                steps[number] = _entered(event)
            entered.add(number)
        elif number in steps:
            fold = _FOLDS.get(event["type"])
            if fold is not None:
                fold(steps[number], event)
            if "turns" in steps[number]:
                tell_turn(steps[number]["turns"], event)
    return list(steps.values())


def _entered(event: dict[str, Any]) -> Step:
    turns: dict[str, Any] = {"turns": []} if event["data"].get("type") == NodeTypeName.AGENT_TASK else {}
    return {
        "step": event["step"],
        "node_id": event["node_id"],
        "type": event["data"].get("type"),
        "name": event["data"].get("name"),
        "branch": event["branch"],
        "attempt": 1,
        "status": "running",
        "started_at": event["at"],
        "ended_at": None,
        "duration_ms": None,
        "input": event["data"].get("input"),
        "output": None,
        "error": None,
        "transition": None,
        "tokens": 0,
        "cost_usd": 0.0,
        **turns,
    }


def _invoked(step: Step, event: dict[str, Any]) -> None:
    step["attempt"], step["status"] = event["attempt"], "running"
    if not _IN_A_STEP & event["data"].keys():
        step["input"] = event["data"]


def _entered_again(step: Step, event: dict[str, Any]) -> None:
    step["input"] = event["data"].get("input", step["input"])
    step["attempt"], step["status"] = event["attempt"], "running"


def _responded(step: Step, event: dict[str, Any]) -> None:
    step["tokens"] += event["data"].get("tokens", 0)
    step["cost_usd"] += event["data"].get("cost_usd", 0.0)


def _executed(step: Step, event: dict[str, Any]) -> None:
    step["status"] = step["status"] if step["status"] in ("skipped", "pinned") else "done"
    step["output"], step["error"] = event["data"].get("output"), None
    step["ended_at"], step["duration_ms"] = event["at"], event["duration_ms"]


def _failed(step: Step, event: dict[str, Any]) -> None:
    step["status"], step["error"] = "failed", event["error"]
    step["ended_at"], step["duration_ms"] = event["at"], event["duration_ms"]


def _cancelled(step: Step, event: dict[str, Any]) -> None:
    """A branch may be cancelled between two steps; what was done stays done."""
    if step["status"] in _UNDER_WAY:
        step["status"], step["ended_at"] = "cancelled", event["at"]


def _status(name: str) -> Any:
    def fold(step: Step, event: dict[str, Any]) -> None:
        step["status"] = name

    return fold


def _left(step: Step, event: dict[str, Any]) -> None:
    step["transition"] = event["data"]


def _branched(step: Step, event: dict[str, Any]) -> None:
    step["status"], step["ended_at"] = "done", event["at"]


_IN_A_STEP = frozenset({"turn", "resumed"})
"""What events carry that tell how a step goes on, not how it began."""
_UNDER_WAY = ("running", "waiting", "retrying")
_ENDS = ("ROOM_FAILED", "ROOM_CANCELLED")

_FOLDS: dict[str, Any] = {
    "NODE_ENTERED": _entered_again,
    "TOOL_INVOKED": _invoked,
    "AGENT_INVOKED": _invoked,
    "TOOL_COMPLETED": _responded,
    "TOOL_FAILED": _responded,
    "AGENT_RESPONSE": _responded,
    "AGENT_ERROR": _responded,
    "NODE_EXECUTED": _executed,
    "NODE_FAILED": _failed,
    "NODE_TIMED_OUT": _failed,
    "NODE_SKIPPED": _status("skipped"),
    "NODE_PINNED": _status("pinned"),
    "NODE_RETRY_SCHEDULED": _status("retrying"),
    "WAIT_STARTED": _status("waiting"),
    "BRANCH_FORKED": _branched,
    "BRANCH_CANCELLED": _cancelled,
    "TRANSITION": _left,
}
