"""What validation promises of a sound document is what the transition function keeps."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.parsing import parse_json
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
    """The document with variables read in places where validation finds nothing wrong with it."""
    names = [node.get("save_as") or node["id"] for node in document["nodes"]]
    for node in random.sample(document["nodes"], k=min(8, len(document["nodes"]))):
        before = node.get("config")
        read = f"{{{{ vars.{random.choice(names)} }}}}"
        if node["type"] == "END":
            node["config"] = {"output": [(before or {}).get("output"), read]}
        elif node["type"] == "TOOL_EXECUTION":
            node["config"] = {**(before or {}), "arguments": {"expression": read}}
        else:
            continue
        if errors(document):
            node["config"] = before
            if before is None:
                del node["config"]
    for way in document["transitions"]:
        if way["on"] == "CONDITION_MET" and random.random() < 0.5:
            when = way["when"]
            way["when"] = f"vars.{random.choice(names)} != 'ü' && ({when})"
            if errors(document):
                way["when"] = when
    return document


@examples(40)
@given(made_up(largest=14), st.integers(0, 2**32 - 1))
def test_a_variable_that_validation_lets_pass_is_there_when_it_is_read(made: Made, seed: int) -> None:
    document = curious(made.document, Random(seed))

    passage = driven(made, seed, document=document)

    failed = [fact["e"] for fact in passage.told("NODE_FAILED")]
    wrong = ("condition_error", "evaluation_error", "no_transition")
    assert [error for error in failed if error["code"] in wrong] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(3))
def test_every_example_comes_to_its_end_whatever_happens(path: Path, seed: int) -> None:
    passage = driven(Made(seed, 0), seed, document=parse_json(path.read_bytes()))

    assert passage.state.is_over
