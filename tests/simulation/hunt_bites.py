"""Guards whose absence is seldom met by chance; `make crash` collects this file, the default suite does not."""

import pytest

from tests.simulation.test_bites import SELDOM, is_found


@pytest.mark.parametrize("name", sorted(SELDOM))
@pytest.mark.timeout(600)
def test_a_missing_guard_is_noticed_in_the_end(name: str) -> None:
    assert is_found(name)
