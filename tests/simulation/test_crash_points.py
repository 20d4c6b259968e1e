"""Every place where a worker can die, one after the other: the run comes to what it came to undisturbed."""

import json
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from engine.core.sample import sample
from tests.crash import workflows
from tests.simulation import documents
from tests.simulation.outcomes import Case, Passage, crash_at, passage
from tests.simulation.store import Mishap

EXAMPLES = Path(__file__).parent.parent / "examples"
INPUTS: dict[str, Any] = {"memory": {"name": "Ada"}, "wait_until": {"at": "2030-12-31T22:00:00Z"}}
"""A sample fits the others."""
WAYS = (Mishap.CRASH_BEFORE, Mishap.CRASH_INSIDE, Mishap.CRASH_AFTER)


def _shortened(document: dict[str, Any]) -> dict[str, Any]:
    for node in document["nodes"]:
        if node.get("config", {}).get("duration_s", 0) > 5:
            node["config"]["duration_s"] = 5
    return document


def canonical() -> dict[str, Case]:
    """The examples of each construct, and the workflows with effects; not those whose outcome a crash may change."""
    found = {}
    for path in sorted(EXAMPLES.glob("*.json")):
        document = _shortened(json.loads(path.read_text()))
        input_ = INPUTS.get(path.stem, sample(document.get("input_schema")))
        found[path.stem] = Case(document, input_)
    for name, make in workflows.ALL.items():
        if name != "once":
            found[f"effects_{name}"] = Case(make())
    found["agent_turns"] = Case(documents.with_agent("ledger_idempotent"))
    return found


CASES = canonical()


@cache
def undisturbed(name: str, commit: str = "to_block", *, is_shared: bool = False) -> Passage:
    found = passage(CASES[name], commit=commit, is_shared=is_shared)
    assert not found.violations, found.violations
    return found


def disturbed(name: str, *crashes: tuple[int, Mishap], commit: str = "to_block") -> None:
    """Every other crash meets a run that shares its worker with others."""
    is_shared = bool(sum(number + WAYS.index(way) for number, way in crashes) % 2)
    found = passage(CASES[name], plot=crash_at(list(crashes)), commit=commit, is_shared=is_shared)
    assert not found.violations, (crashes, found.violations)
    assert found.outcome == undisturbed(name).outcome, crashes


@pytest.mark.parametrize("name", CASES)
def test_to_share_a_worker_changes_nothing(name: str) -> None:
    assert undisturbed(name, is_shared=True).outcome == undisturbed(name).outcome


@pytest.mark.parametrize("name", CASES)
def test_a_crash_at_any_transaction_changes_nothing(name: str) -> None:
    """Before it, inside it, after it."""
    places = product(range(1, undisturbed(name).transactions + 1), WAYS)
    for number, way in places:
        disturbed(name, (number, way))


@pytest.mark.parametrize("name", CASES)
def test_nor_does_it_when_every_step_is_committed(name: str) -> None:
    """The way alternates; every third place is tried."""
    strict = undisturbed(name, "every_step")
    assert strict.outcome == undisturbed(name).outcome
    for number in range(1, strict.transactions + 1, 3):
        disturbed(name, (number, WAYS[number % len(WAYS)]), commit="every_step")


@pytest.mark.parametrize("name", ["effects_fork", "effects_retries", "parallel_nested", "wait_signal"])
def test_nor_do_two_crashes(name: str) -> None:
    last = undisturbed(name).transactions
    for index, (first, second) in enumerate(product(range(1, last + 1, 4), range(1, last + 1, 5))):
        disturbed(name, (first, WAYS[index % 3]), (second, WAYS[index // 3 % 3]))


def repeats_once() -> list[str]:
    """The promises broken by an agent whose worker dies at each transaction, with a tool that may not be repeated."""
    case = Case(documents.with_agent(tools=("ledger_once", "ledger_once")))
    last = passage(case).transactions
    return [
        violation
        for number, way in product(range(1, last + 1), (Mishap.CRASH_BEFORE, Mishap.CRASH_AFTER))
        for violation in passage(case, plot=crash_at([(number, way)])).violations
    ]


def test_a_call_that_an_agent_may_make_once_is_never_repeated() -> None:
    assert repeats_once() == []
