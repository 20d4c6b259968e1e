"""What validation promises, held against the transition function: a sound document never gets stuck, and never
reads what is not there. Random documents, random outcomes."""

import random
from itertools import count, pairwise

import pytest

from engine.core.inputs import Go
from engine.core.validation import find_problems
from tests.core.drawing import CATALOGUE, Passage, plan_of
from tests.fixtures.drawings import CONFIGS, drawing

PROMISED_NEVER = {"no_transition", "evaluation_error", "condition_error"}


def block(rng: random.Random, depth: int, names) -> tuple[str, str, list[str]]:
    """The first node of a random block, its last node, and its ways."""
    number = next(names)
    kind = rng.choice(["step", "chain", "choice", "loop", "fork"]) if depth else rng.choice(["step", "wait"])
    if kind in ("step", "wait"):
        node = f"wait{number}" if kind == "wait" else f"n{number}"
        return node, node, []
    width = 1 if kind == "loop" else 3 if kind == "fork" and rng.random() < 0.4 else 2
    parts = [block(rng, depth - 1, names) for _ in range(width)]
    ways = [way for part in parts for way in part[2]]
    if kind == "chain":
        ways += [f"{a[1]} -{on(rng, a[1])}> {b[0]}" for a, b in pairwise(parts)]
        return parts[0][0], parts[-1][1], ways
    if kind == "loop":
        again = f"decide{number}"
        ways += [
            f"{parts[0][1]} -{on(rng, parts[0][1])}> {again}",
            f"{again} -input.c{number % 3}?> {parts[0][0]}",
        ]
        return parts[0][0], again, ways
    first, last = (f"fork{number}", f"join{number}") if kind == "fork" else (f"decide{number}", f"m{number}")
    for place, part in enumerate(parts):
        way = "ALWAYS" if kind == "fork" or place == 0 else f"input.c{place}?"
        ways += [f"{first} -{way}> {part[0]}", f"{part[1]} -{on(rng, part[1])}> {last}"]
    return first, last, ways


def on(rng: random.Random, node: str) -> str:
    return "SUCCESS" if node.startswith("n") and rng.random() < 0.7 else "ALWAYS"


def random_document(seed: int):
    """Blocks with some failure ways, reads of any variable, and now and then a way that does not belong."""
    rng = random.Random(seed)
    first, last, ways = block(rng, 3, count())
    ways = [f"start > {first}", f"{last} -{on(rng, last)}> end", *ways]
    ids = sorted({word for way in ways for word in way.split() if not word.endswith(">")} - {"start", "end"})
    for node in [node for node in ids if node.startswith("n") and rng.random() < 0.15]:
        ways.append(f"{node} -FAILURE> {rng.choice(ids if rng.random() < 0.3 else ['end2'])}")
    if rng.random() < 0.15:
        ways.append(f"{rng.choice(ids)} > {rng.choice([*ids, 'end'])}")
    fields = {}
    for node in [node for node in ids if node[0] in "fj"]:
        if rng.random() < 0.5:
            config = {
                "wait_for": rng.choice(["all", "any", 1, 2]),
                "on_branch_failure": rng.choice(["fail", "continue"]),
            }
            fields[node] = {"config": {**config, "merge": rng.choice(["last", "list"])}}
    steps = [node for node in ids if node[0] in "nj"]
    for node in [node for node in [*ids, "end"] if node[0] in "ne" and rng.random() < 0.5]:
        value = f"{{{{ vars.{rng.choice(steps or ['n0'])} }}}}"
        arguments = {"tool": "memory_store", "arguments": {"key": "k", "value": value}}
        fields[node] = {"config": {"output": value} if node == "end" else arguments}
    return rng, drawing("; ".join(ways), **fields)


def rests(passage: Passage) -> bool:
    return any(timer == "wait" for _, timer in passage.timers)


def drive(rng: random.Random, document) -> Passage:
    """A run with steps that end anyhow, in any order."""
    passage = Passage(plan_of(document), is_stored=False)
    passage.begin({f"c{number}": rng.random() < 0.5 for number in range(3)}, limits={"max_steps": 120})
    while not passage.state.is_over:
        if passage.state.ready:
            passage.give(Go())
        elif passage.executing and (rng.random() < 0.7 or not rests(passage)):
            fails = rng.random() < 0.25
            told = (
                {"outcome": "FAILURE", "error": {"code": "broken", "message": "It broke."}}
                if fails
                else {"output": 1}
            )
            passage.answer(rng.choice(passage.executing), **told)
        else:
            passage.fire("wait")
    return passage


def errors(document):
    return [problem for problem in find_problems(document, CATALOGUE) if problem.severity == "error"]


def sound_documents(seeds: int):
    """With as many reads as validation lets pass: those it refuses are taken out."""
    for seed in range(seeds):
        rng, document = random_document(seed)
        for problem in errors(document):
            if problem.code == "undefined_variable":
                node = document["nodes"][int(problem.path.split("/")[2])]
                node["config"] = {"output": 1} if node["type"] == "END" else CONFIGS["TOOL_EXECUTION"]
        if not errors(document):
            yield seed, rng, document


def test_no_run_of_a_sound_document_gets_stuck_or_reads_what_is_not_there():
    held, with_reads, with_forks = 0, 0, 0
    for seed, rng, document in sound_documents(250):
        held += 1
        with_reads += "vars." in str(document)
        with_forks += "'fork" in str(document)
        for _ in range(5):
            error = drive(rng, document).state.error or {}
            assert error.get("code") not in PROMISED_NEVER, (seed, error)
    assert min(held, with_reads, with_forks) > 30


@pytest.mark.parametrize("code", ["undefined_variable", "parallel_unstructured"])
def test_the_random_documents_are_wild_enough_to_be_refused_too(code):
    found = {
        problem.code for seed in range(200) for problem in find_problems(random_document(seed)[1], CATALOGUE)
    }

    assert code in found
