"""Histories of each engine version, kept for ever: `python -m tests.core.golden` writes those of today's.

A later engine must re-derive them byte for byte, or it is another version and keeps the old ones replayable.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from engine.core.inputs import ENGINE_VERSION, Asked, Paused, Progress, Resumed, Signalled, WorkerLost
from engine.core.log import Stored
from engine.core.sample import sample
from tests.core.drawing import Passage, plan_of

EXAMPLES = Path(__file__).parents[1] / "examples"
FOLDER = Path(__file__).parents[1] / "golden"
KEPT = (
    "decision",
    "failure",
    "loop",
    "memory",
    "parallel_nested",
    "parallel_count",
    "retry",
    "wait_signal",
    "timeout",
)


def recorded(document: dict[str, Any]) -> Passage:
    """A run of the document to its end, paused once, its signals answered."""
    passage = Passage(plan_of(document)).begin(sample(document.get("input_schema")) or {}, {"seen": 1})
    passage.move()
    passage.give(Paused("ada"))
    passage.give(Resumed("bob"))
    while not passage.go().state.is_over:
        waited_for = [
            node.config["signal"] for node in passage.plan.nodes.values() if node.config.get("signal")
        ]
        if waited_for:
            passage.give(Signalled(waited_for[0], {"ok": True}, "ada"))
        else:
            passage.fire(min(passage.timers, key=lambda key: passage.timers[key])[1])
    return passage


def with_turns(document: dict[str, Any]) -> Passage:
    """A run of an agent that puts a turn on record, asks, loses its worker, and goes on each time."""
    passage = Passage(plan_of(document)).begin(sample(document.get("input_schema")) or {}, {}).move()
    (step,) = passage.executing
    used = {"tokens": 15, "input_tokens": 12, "output_tokens": 3, "cost_usd": 0.25}
    turn = {
        "t": "AGENT_RESPONSE",
        "key": "1",
        "d": {"turn": 1, **used},
        "o": {"text": "Hm"},
        "u": used,
        "ms": 2,
    }
    call = {"t": "TOOL_INVOKED", "key": "1-1", "d": {"tool": "calculator", "turn": 1, "call": 1}}
    ask = {"key": "1-2-approval", "signal": "approve_2_1_2", "what": "approval", "timeout_s": 60}
    passage.give(Progress(step.activation, 1, (turn, call)))
    passage.give(Asked(step.activation, 1, (ask, {**ask, "key": "1-3-approval", "signal": "approve_2_1_3"})))
    passage.executing.clear()
    passage.give(Signalled("approve_2_1_2", {"approved": True}, "ada"))
    passage.fire("timeout")
    passage.move().executing.clear()
    passage.give(WorkerLost({step.activation: "external"}))
    return passage.go()


def written(name: str, run: Callable[[dict[str, Any]], Passage] = recorded) -> dict[str, Any]:
    document = orjson.loads((EXAMPLES / f"{name}.json").read_bytes())
    passage = run(document)
    rows = [{"seq": row.seq, "body": row.body.decode(), "hash": row.hash} for row in passage.rows()]
    return {"document": document, "fingerprint": passage.state.fingerprint, "rows": rows}


def rows_of(history: dict[str, Any]) -> list[Stored]:
    return [Stored(row["seq"], row["body"].encode(), row["hash"]) for row in history["rows"]]


def main() -> int:
    wanted = {
        FOLDER / f"engine-{ENGINE_VERSION}.json": lambda: {name: written(name) for name in KEPT},
        FOLDER / f"engine-{ENGINE_VERSION}-agents.json": lambda: {
            "agent_tool": written("agent_tool", with_turns)
        },
    }
    missing = {path: write for path, write in wanted.items() if not path.exists()}
    FOLDER.mkdir(exist_ok=True)
    for path, write in missing.items():
        path.write_bytes(orjson.dumps(write(), option=orjson.OPT_INDENT_2))
    if not missing:
        print("all are there: raise ENGINE_VERSION if the same inputs lead elsewhere now")  # noqa: T201
    return int(not missing)


if __name__ == "__main__":
    sys.exit(main())
