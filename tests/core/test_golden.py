"""Histories recorded by each engine version so far are still re-derived byte for byte."""

from typing import Any

import orjson
import pytest

from engine.core.inputs import ENGINE_VERSION
from engine.core.replaying import replay
from tests.core.drawing import plan_of
from tests.core.golden import FOLDER, rows_of

HISTORIES: dict[str, dict[str, Any]] = {
    f"{path.stem}: {name}": history
    for path in sorted(FOLDER.glob("engine-*.json"))
    for name, history in orjson.loads(path.read_bytes()).items()
}


def test_this_engine_version_has_its_histories() -> None:
    assert (FOLDER / f"engine-{ENGINE_VERSION}.json").exists()


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_is_replayed_identically(name: str) -> None:
    history = HISTORIES[name]

    replayed = replay(plan_of(history["document"]), rows_of(history))

    assert replayed.is_identical, replayed.divergence
    assert replayed.fingerprint == history["fingerprint"]
