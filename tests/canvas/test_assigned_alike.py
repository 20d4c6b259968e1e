"""The editor offers the names that the engine holds for written at a node: both are asked about made-up workflows."""

import json
import subprocess
from random import Random
from typing import Any

from engine.core.document import Document
from engine.core.validation.dataflow import _Flow, _writers
from engine.core.validation.view import View
from tests.canvas.test_typescript import HERE, NODE
from tests.core.drawing import CATALOGUE
from tests.core.generator import sound_workflow

WORKFLOWS = 400


def by_the_engine(view: View) -> dict[str, list[str]]:
    """What is written for certain before each node; all names where no run comes to."""
    names = sorted(_writers(view))
    flow = _Flow(view, names)
    return {
        node: [name for name in names if not flow.before.get(node, 0) & flow.bit[name]] for node in view.nodes
    }


def told_by(script: str, asked: list[Any]) -> list[Any]:
    """What a script of this folder answers."""
    command = [str(NODE), "--disable-warning=ExperimentalWarning", str(HERE / script)]
    done = subprocess.run(
        command, input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=True
    )
    found: list[Any] = json.loads(done.stdout)
    return found


def test_the_editor_and_the_engine_hold_the_same_names_for_written() -> None:
    documents = [sound_workflow(Random(seed), 4 + seed % 24) for seed in range(WORKFLOWS)]
    views = [View(Document.model_validate_json(json.dumps(document)), CATALOGUE) for document in documents]

    for seed, (view, told) in enumerate(zip(views, told_by("assigned_of.ts", documents), strict=True)):
        assert told == by_the_engine(view), f"workflow {seed}"
    assert sum(bool(view.structure.join_of) for view in views) > WORKFLOWS // 4
