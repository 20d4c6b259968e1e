"""A long run's log: searched on the server as the page searches what it holds, bit by bit, and taken away whole."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.core.identity import Role, User
from engine.services import history, logs
from engine.store.database import Database
from engine.store.migrations import migrate
from tests.fixtures.drawings import drawing
from tests.fixtures.runtimes import open_movable
from tests.runner.conftest import Place

ADA = User(id="ada", name="Ada", role=Role.ADMIN)
LONG = drawing(
    "start > add -SUCCESS> decide -vars.add.number<2600?> add; decide > end",
    add={
        "name": "Count Ünits",
        "config": {
            "tool": "calculator",
            "arguments": {"expression": "{{ has(vars.add) ? vars.add.number : 0 }} + 1"},
        },
    },
    end={"config": {"output": {"said": 'quoted "words" ✓'}}},
) | {"limits": {"max_steps": 10_000}}


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str, list[logs.Event]]]:
    folder = tmp_path_factory.mktemp("logs")
    url = f"sqlite:///{folder / 'openrooms.db'}"
    with closing(Database(url)) as database:
        migrate(database)
    with closing(open_movable(url, f"unix://{folder}/nobody.sock", Path(folder))) as rt:
        place = Place(rt, ADA)
        run = place.start(place.room(LONG))
        place.until(run.id, lambda run: run.status.is_over, within_s=60)
        yield place, run.id, history.events(rt, ADA, run.id, limit=30_000)
        place.runner.stop()


def test_a_search_finds_what_reading_every_event_would(long_run: tuple[Place, str, list[logs.Event]]):
    place, run_id, everything = long_run
    told = [
        (event["seq"], " ".join((event["message"], event["type"], "count ünits" if event["node_id"] == "add" else event["node_id"] or "",
                                 json.dumps(event["data"], ensure_ascii=False, separators=(",", ":")))).lower())
        for event in everything
    ]  # fmt: skip
    for text in (
        "1999",
        "vars.add was",
        "ÜNITS 17 succeeded",
        '"number":1234',
        "✓ quoted",
        "nowhere",
        "left",
        "",
    ):
        expected = [seq for seq, line in told if all(word in line for word in text.lower().split())]
        found, cursor, asked = [], 0, 0
        while cursor is not None:
            page = logs.find(place.rt, ADA, run_id, logs.Wanted(text=text, after_seq=cursor))
            found += page.seqs
            cursor, asked = (None if page.next_cursor is None else int(page.next_cursor)), asked + 1
        assert found == expected, text
        assert asked == (2 if text in ("vars.add was", "ÜNITS 17 succeeded", "left", "") else 1), (
            text
        )  # other words pass rows over
        assert bool(expected) == (text != "nowhere")


def test_single_events_are_read_wherever_they_stand(long_run: tuple[Place, str, list[logs.Event]]):
    place, run_id, everything = long_run
    seqs = {1, 2, 3, len(everything) // 2, len(everything) - 1, len(everything)}
    page = logs.of_run(place.rt, ADA, run_id, logs.Wanted(seqs=frozenset({*seqs, len(everything) + 9})))
    assert [*page.items] == [everything[seq - 1] for seq in sorted(seqs)]
    assert page.next_cursor is None


def test_the_whole_log_is_taken_away_line_by_line(long_run: tuple[Place, str, list[logs.Event]]):
    place, run_id, everything = long_run
    parts = [*logs.lines(place.rt, ADA, run_id, logs.Wanted())]
    assert [json.loads(line) for line in b"".join(parts).splitlines()] == everything
    assert max(map(len, parts)) < 2_000_000  # it is never all in memory
