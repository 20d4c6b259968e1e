"""The same version, input and results give the same fingerprint: by any number of workers, in any order, with or
without mishaps.
"""

from random import Random

import pytest

from tests.simulation import documents
from tests.simulation.effects import Fates
from tests.simulation.outcomes import Case, passage, troubled

WORKFLOWS = 24
BATCHES = 4


def made_up(number: int) -> Case:
    """A workflow in which nothing depends on who comes first, with results decided by the step alone."""
    random = Random(number)
    document = documents.made_up(random, random.randint(3, 18), is_commuting=True)
    timed = set(documents.signals(document)) - set(documents.signals(document, also_timed=False))
    fates = Fates(number, failing=random.choice([0, 0.1, 0.25]), late=random.choice([0, 0.1]))
    return Case(document, documents.an_input(random), fates, frozenset(timed))


def compare(number: int) -> None:
    """One workflow, undisturbed by one worker, against others."""
    case = made_up(number)
    calm = passage(case, seed=number)
    assert not calm.violations, (number, calm.violations)
    for workers, plot in (
        (2, None),
        (5, None),
        (1, troubled(number)),
        (2, troubled(number + 1)),
        (5, troubled(number + 2)),
    ):
        other = passage(case, seed=number * 10 + workers, workers=workers, plot=plot)
        assert not other.violations, (number, workers, plot is not None, other.violations)
        assert other.outcome == calm.outcome, (number, workers, plot is not None)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_made_up_workflows_have_one_fingerprint_however_they_are_run(batch: int) -> None:
    for number in range(batch, WORKFLOWS, BATCHES):
        compare(number)


def test_another_result_gives_another_fingerprint() -> None:
    case = made_up(3)
    changed = Case(case.document, case.input, Fates(3, failing=1), case.unsignalled)

    assert passage(case).outcome.fingerprint != passage(changed).outcome.fingerprint
