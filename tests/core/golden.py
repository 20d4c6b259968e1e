"""Histories of each engine version, kept for ever: `python -m tests.core.golden` writes those of today's.

A later engine must re-derive them byte for byte, or it is another version and keeps the old ones replayable.
"""

import sys
from pathlib import Path
from typing import Any

import orjson

from engine.core.inputs import ENGINE_VERSION, Paused, Resumed, Signalled
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


def written(name: str) -> dict[str, Any]:
    document = orjson.loads((EXAMPLES / f"{name}.json").read_bytes())
    passage = recorded(document)
    rows = [{"seq": row.seq, "body": row.body.decode(), "hash": row.hash} for row in passage.rows()]
    return {"document": document, "fingerprint": passage.state.fingerprint, "rows": rows}


def rows_of(history: dict[str, Any]) -> list[Stored]:
    return [Stored(row["seq"], row["body"].encode(), row["hash"]) for row in history["rows"]]


def main() -> int:
    path = FOLDER / f"engine-{ENGINE_VERSION}.json"
    if path.exists():
        print(f"{path} is there: raise ENGINE_VERSION if the same inputs lead elsewhere now")  # noqa: T201
        return 1
    FOLDER.mkdir(exist_ok=True)
    path.write_bytes(orjson.dumps({name: written(name) for name in KEPT}, option=orjson.OPT_INDENT_2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
