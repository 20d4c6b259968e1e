from collections.abc import Callable

import pytest

from engine.core.catalogue import Catalogue
from engine.core.discovery import discover
from engine.core.problem import Problem
from engine.core.validation import find_problems
from tests.fixtures.drawings import drawing

Find = Callable[..., list[Problem]]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return discover()


@pytest.fixture(scope="session")
def find(catalogue: Catalogue) -> Find:
    """The errors of a drawing; `warnings=True` for all problems, `document` for more fields of it."""

    def problems(
        text: str, *, warnings: bool = False, document: dict | None = None, **nodes: dict
    ) -> list[Problem]:
        found = find_problems(drawing(text, **nodes) | (document or {}), catalogue)
        return [problem for problem in found if warnings or problem.severity == "error"]

    return problems
