"""The order in which branches end, pauses and lost workers leave no trace in what a run comes to."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.core.drawing import Passage
from tests.core.generator import Made, made_up
from tests.core.properties.driving import driven
from tests.core.properties.profile import examples


def outcome(passage: Passage) -> dict[str, Any]:
    state = passage.state
    return {
        "status": state.status,
        "fingerprint": state.fingerprint,
        "output": state.output,
        "error": state.error,
        "vars": state.final_vars,
        "memory": passage.remembered,
        "about": passage.about,
        "steps": state.steps,
    }


@examples(30)
@given(made_up(is_commuting=True), st.integers(0, 2**32 - 1))
def test_the_order_in_which_branches_end_changes_nothing(made: Made, seed: int) -> None:
    assert outcome(driven(made, seed, mishaps=False)) == outcome(driven(made, seed + 1, mishaps=False))


@examples(30)
@given(made_up(is_commuting=True), st.integers(0, 2**32 - 1))
def test_pauses_and_lost_workers_change_nothing(made: Made, seed: int) -> None:
    assert outcome(driven(made, seed, mishaps=True)) == outcome(driven(made, seed, mishaps=False))
