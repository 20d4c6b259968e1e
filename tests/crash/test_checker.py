"""The checker sees each kind of damage: a log that is sound is spoilt in one place, and it says what is wrong."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from engine.runner import Runner
from tests.core.drawing import line, node, tool
from tests.crash.checker import check
from tests.crash.installation import Installation
from tests.crash.ledger import FILE, Entry, read
from tests.crash.workflows import effect

pytestmark = pytest.mark.crash

DOCUMENT = line(
    tool("count", remember={"visits": "1"}),
    effect("one"),
    node("rest", "WAIT", config={"duration_s": 0.01}),
    effect("two", "once"),
)


@pytest.fixture
def sound(on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch) -> tuple[Installation, str]:
    """A run that has ended well, driven in this process."""
    monkeypatch.setenv(FILE, str(on_sqlite.ledger))
    runner = Runner(on_sqlite.rt, threads=2)
    runner.start()
    try:
        run = on_sqlite.begin(DOCUMENT)
        runner.activate(run.id)
        on_sqlite.over(run.id)
    finally:
        runner.stop()
    return on_sqlite, run.id


SPOILT = {
    "seq has no gaps": "DELETE FROM event WHERE seq = (SELECT min(seq) FROM event WHERE run_id = :id)",
    "replay gives the same events": "UPDATE event SET body = replace(body, 'ledger_external', 'ledger_internal')",
    "run.seq is that of the last event": "UPDATE run SET seq = seq + 1",
    "every accepted run ends": "UPDATE run SET status = 'RUNNING'",
    "the stored state is the fold of the log": "UPDATE run SET state = json_set(state, '$.steps', 99)",
    "replay gives the same fingerprint": "UPDATE run SET fingerprint = 'another'",
    "the chain ends with the run's head hash": "UPDATE run SET head_hash = 'another'",
    "no event has a fence that was never given": "UPDATE run SET fence = 0",
    "the fence never falls": "UPDATE event SET fence = 9 WHERE seq = (SELECT min(seq) FROM event)",
    "one fence has one worker": "UPDATE event SET worker = 'another' WHERE seq = (SELECT max(seq) FROM event)",
    "an ended run is nobody's": "UPDATE run SET owner = 'somebody'",
    "an ended run leaves nothing to be done": (
        "INSERT INTO timer (run_id, activation, kind, due_us) VALUES (:id, '1', 'wait', 1)"
    ),
    "memory is the fold of its events": "UPDATE memory SET value = '2'",
}


@pytest.mark.parametrize("promise", SPOILT)
def test_it_sees_a_database_that_was_spoilt(sound: tuple[Installation, str], promise: str) -> None:
    place, run_id = sound
    assert not check(place.rt, [run_id], read(place.ledger)).violations

    statement = text(SPOILT[promise])
    with place.rt.db.write() as session:
        session.execute(statement, {"id": run_id} if ":id" in SPOILT[promise] else {})

    found = check(place.rt, [run_id], read(place.ledger))
    assert any(promise in violation for violation in found.violations), str(found)


Spoil = Callable[[list[Entry]], list[Entry]]

SPOILT_LEDGERS: dict[str, Spoil] = {
    "one attempt takes effect once": lambda entries: [*entries, entries[0]],
    "an effect without intent": lambda entries: [*entries, replace(entries[0], attempt=2)],
    "the log says that an effect was repeated": lambda entries: [replace(entries[0], attempt=0), *entries],
    "at most once": lambda entries: [entries[0], replace(entries[1], attempt=0), entries[1]],
    "every attempt carries the same key": lambda entries: [replace(entries[0], key="another"), entries[1]],
    "a result whose effect did not happen": lambda entries: entries[1:],
    "an effect of a step that was never entered": lambda entries: [
        *entries,
        replace(entries[0], activation="99"),
    ],
    "an effect of a run that nobody started": lambda entries: [*entries, replace(entries[0], run="another")],
}


def test_it_sees_a_ledger_that_does_not_fit_the_log(sound: tuple[Installation, str]) -> None:
    place, run_id = sound
    entries = read(place.ledger)
    assert [entry.effect for entry in entries] == ["external", "at_most_once"]

    for promise, spoil in SPOILT_LEDGERS.items():
        found = check(place.rt, [run_id], spoil(entries))
        assert any(promise in violation for violation in found.violations), f"{promise}: {found}"
