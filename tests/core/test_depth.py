"""How deep JSON may be nested, at the limit and one beyond it."""

import orjson
import pytest

from engine.core.depth import MOST, is_too_deep


def nested(levels: int, *, wide: int = 0) -> bytes:
    value: object = 1
    for level in range(levels):
        value = [value, *[{"k": []}] * (wide if level == 0 else 0)] if level % 2 else {"a": value}
    return orjson.dumps(value)


@pytest.mark.parametrize(("levels", "is_refused"), [(0, False), (MOST, False), (MOST + 1, True), (200, True)])
def test_the_limit_holds_at_n_and_at_one_more(levels: int, is_refused: bool) -> None:
    assert is_too_deep(nested(levels)) is is_refused


def test_wide_data_and_brackets_in_text_are_not_deep() -> None:
    assert not is_too_deep(orjson.dumps([{"k": [1]}] * 10_000))
    assert not is_too_deep(orjson.dumps("[" * 1_000))
