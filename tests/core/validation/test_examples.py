from pathlib import Path

import pytest

from engine.core.discovery import discover
from engine.core.document import Document
from engine.core.parsing import parse_json
from engine.core.plan import compile_plan
from engine.core.validation import find_problems

EXAMPLES = Path(__file__).parents[2] / "examples"
SOUND = sorted(EXAMPLES.glob("*.json"))
BAD = sorted(EXAMPLES.glob("bad/*.json"))
WARNINGS = {
    "constant_condition",
    "failure_unhandled",
    "secret_in_config",
    "spinning_loop",
    "variable_never_read",
}
ERRORS = {
    "ambiguous_transition",
    "bad_arguments",
    "bad_config",
    "bad_document",
    "bad_expression",
    "branch_write_conflict",
    "condition_met_without_when",
    "dead_end",
    "decision_without_condition",
    "decision_without_otherwise",
    "duplicate_id",
    "end_has_outgoing",
    "loop_without_exit",
    "no_end",
    "no_path_to_end",
    "parallel_single_branch",
    "parallel_unstructured",
    "start_count",
    "start_has_incoming",
    "timeout_transition_without_timeout",
    "too_large",
    "undefined_variable",
    "unknown_node",
    "unknown_provider",
    "unknown_tool",
    "unreachable",
    "when_without_condition_met",
}


@pytest.fixture(scope="module")
def catalogue():
    return discover()


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_a_sound_example_has_no_problem_and_can_be_planned(path, catalogue):
    data = parse_json(path.read_bytes())

    assert find_problems(data, catalogue) == []
    assert compile_plan(Document.of(data), catalogue).start == "start"


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_example_has_exactly_the_problem_it_is_named_by(path, catalogue):
    problems = find_problems(parse_json(path.read_bytes()), catalogue)

    consequences = {"no_path_to_end"} if path.stem == "loop_without_exit" else set()
    assert {problem.code for problem in problems} == {path.stem} | consequences
    assert {problem.severity for problem in problems} == {"warning" if path.stem in WARNINGS else "error"}
    assert all(problem.message.endswith((".", "?")) for problem in problems)


def test_every_problem_has_an_example():
    assert {path.stem for path in BAD} == ERRORS | WARNINGS
