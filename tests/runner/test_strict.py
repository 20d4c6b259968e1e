"""How often a run is committed: before anything becomes observable, or after every step for who wants it so."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine.core.identity import User
from engine.store import journal
from tests.core.drawing import line, tool
from tests.fixtures.runtimes import MovableRuntime
from tests.runner.conftest import Place

STEPS = 8


@pytest.fixture
def strict(sqlite_rt: MovableRuntime, editor: User) -> Iterator[Place]:
    settings = sqlite_rt.settings.model_copy(update={"commit": "every_step"})
    place = Place(replace(sqlite_rt, settings=settings), editor)
    yield place
    place.runner.stop()


@pytest.fixture
def easy(sqlite_rt: MovableRuntime, editor: User) -> Iterator[Place]:
    place = Place(sqlite_rt, editor)
    yield place
    place.runner.stop()


def commits(place: Place, document: dict[str, Any]) -> int:
    """How many rows the log of a run of the document has: each commit writes one, if it is small."""
    run = place.over(place.start(place.room(document)).id)
    with place.rt.db.read() as session:
        rows = journal.rows_after(session, run.id, 0)
    assert rows[-1].seq == run.seq
    return len(rows)


def test_in_strict_mode_each_step_has_a_commit_of_its_own(strict: Place) -> None:
    steps = [tool(f"t{number}") for number in range(STEPS)]

    assert commits(strict, line(*steps)) == STEPS + 3  # queued, START, the steps, END


def test_otherwise_pure_steps_share_a_commit(easy: Place) -> None:
    steps = [tool(f"t{number}") for number in range(STEPS)]

    assert commits(easy, line(*steps)) < STEPS
