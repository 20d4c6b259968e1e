"""What a process loads at its start is nothing to its garbage collector, which works from then on."""

import gc

import pytest

from openrooms_app.loading import loading


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@pytest.mark.parametrize("fails", [False, True])
def test_the_collector_rests_while_something_is_loaded_and_passes_over_it_afterwards(fails):
    gc.unfreeze()
    try:
        with loading():
            assert not gc.isenabled()
            loaded = [{}]
            loaded[0]["itself"] = loaded
            if fails:
                raise ImportError
    except ImportError:
        pass

    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    assert not any(one is loaded for one in gc.get_objects())
