"""What validation promises of a sound document is what the transition function keeps."""

from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.problem import ERROR
from engine.core.validation import find_problems
from tests.core.drawing import CATALOGUE
from tests.core.generator import Made, made_up
from tests.core.properties.driving import driven
from tests.core.properties.profile import examples

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))


def errors(document: dict[str, Any]) -> list[str]:
    return [
        f"{problem.code}: {problem.message}"
        for problem in find_problems(document, CATALOGUE)
        if problem.severity == ERROR
    ]


@examples(40)
@given(made_up())
def test_every_made_up_workflow_is_sound(made: Made) -> None:
    assert errors(made.document) == []


def curious(document: dict[str, Any], random: Random) -> dict[str, Any]:
    """The document with variables read wherever validation finds nothing wrong with it."""
    names = [node.get("save_as") or node["id"] for node in document["nodes"]]
    for item in [*document["nodes"], *document["transitions"]]:
        before = dict(item)
        for name in random.sample(names, k=min(4, len(names))):
            item.update(_reading(before, name))
            if item == before or not errors(document):
                break
            item.clear()
            item.update(before)
    return document


def _reading(item: dict[str, Any], name: str) -> dict[str, Any]:
    """What of a node or transition changes for it to read that variable."""
    if item.get("type") == "END":
        return {"config": {"output": [item.get("config"), f"{{{{ vars.{name} }}}}"]}}
    if item.get("type") == "TOOL_EXECUTION":
        return {"config": {**item["config"], "arguments": {"expression": f"{{{{ vars.{name} }}}}"}}}
    if item.get("on") == "CONDITION_MET":
        return {"when": f"vars.{name} != 'ü' && ({item['when']})"}
    return {}


@examples(25)
@given(made_up(largest=16), st.integers(0, 2**32 - 1))
def test_a_variable_that_validation_lets_pass_is_there_when_it_is_read(made: Made, seed: int) -> None:
    document = curious(made.document, Random(seed))

    passage = driven(made, seed, document=document)

    failed = [fact["e"] for fact in passage.told("NODE_FAILED")]
    wrong = ("condition_error", "evaluation_error", "no_transition")
    assert [error for error in failed if error["code"] in wrong] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(3))
def test_every_example_comes_to_its_end_whatever_happens(path: Path, seed: int) -> None:
    passage = driven(Made(seed, 0), seed, document=orjson.loads(path.read_bytes()))

    assert passage.state.is_over
