"""Runs are found by when they began and by what people type, in one order over pages, from indexes alone."""

import re
from contextlib import closing

import pytest
from sqlalchemy import event

from engine.core.run import RunStatus
from engine.store.run_list import Place, Sought, listed
from engine.store.tables import RoomRow, RunRow
from engine.store.workflows import Draft, add
from tests.fixtures.databases import open_quick

ROOMS = {"a": ("Customer Desk", "w1"), "b": ("100% Zoë", "w2"), "c": ("Lab 12", "w2")}
BEGAN = "a@1 a@2 b@2 c@2 b@3 c@9"
"""The room of each run and the microsecond at which it began; the last one failed."""


def an_id(count: int) -> str:
    return f"0199c0de-{count:04x}-7000-8000-0123456789ab"


@pytest.fixture
def kept(database):
    with database.write() as session:
        for workflow_id, name in (("w1", "Support"), ("w2", "Night Shift")):
            add(session, workflow_id, Draft(name, "{}", 0, "me"), 1)
        for room_id, (name, of) in ROOMS.items():
            session.add(RoomRow(id=room_id, name=name, workflow_id=of, created_us=1, updated_us=1))
        session.flush()
        numbers = dict.fromkeys(ROOMS, 0)
        for count, (room_id, _, began) in enumerate(each.partition("@") for each in BEGAN.split()):
            numbers[room_id] += 10 if room_id == "c" else 1
            status = "FAILED" if began == "9" else "COMPLETED"
            of = {"room_id": room_id, "workflow_id": ROOMS[room_id][1], "version": 1}
            run = RunRow(id=an_id(count), number=numbers[room_id], status=status, created_us=int(began), **of)
            session.add(run)
        session.flush()
    return database


def found(database, **sought) -> str:
    """Room and number of each that fits, the newest first."""
    with database.read() as session:
        runs = listed(session, Sought(**sought), after=None, limit=100)
    return " ".join(f"{run.room_id}{run.number}" for run in runs)


FITS = [
    ({}, "c20 b2 c10 b1 a2 a1"),
    ({"since_us": 2}, "c20 b2 c10 b1 a2"),
    ({"since_us": 2, "until_us": 3}, "c10 b1 a2"),
    ({"until_us": 2, "status": RunStatus.FAILED}, ""),
    ({"status": RunStatus.FAILED, "since_us": 9}, "c20"),
    ({"workflow_id": "w2", "room_id": "b"}, "b2 b1"),
    ({"text": "desk"}, "a2 a1"),
    ({"text": "DESK customer 2"}, "a2"),
    ({"text": "zoë"}, "b2 b1"),
    ({"text": "100%"}, "b2 b1"),
    ({"text": "_"}, ""),
    ({"text": "night", "until_us": 3}, "c10 b1"),
    ({"text": "#2"}, "b2 a2"),
    ({"text": "Run #20"}, "c20"),
    ({"text": "run 1"}, "c20 b2 c10 b1 a1"),
    ({"text": "12"}, "c20 c10"),
    ({"text": an_id(3).upper()}, "c10"),
    ({"text": "0199C0DE-0003"}, "c10"),
    ({"text": "0199c0d"}, ""),
    ({"text": "shift lab", "workflow_id": "w2", "status": RunStatus.COMPLETED, "since_us": 1}, "c10"),
    ({"text": "'; DROP TABLE run; --"}, ""),
]


def test_what_fits_all_that_is_asked_for_is_listed_newest_first(kept):
    assert [(sought, found(kept, **sought)) for sought, _ in FITS] == FITS


def test_pages_follow_each_other_also_among_runs_of_the_same_microsecond(kept):
    seen, after = [], None
    for _ in range(4):
        with kept.read() as session:
            page = listed(session, Sought(since_us=2), after=after, limit=2)
        seen += [f"{run.room_id}{run.number}" for run in page]
        after = Place(page[-1].created_at, page[-1].id) if page else after

    assert " ".join(seen) == "c20 b2 c10 b1 a2"


@pytest.mark.parametrize(
    "sought",
    [
        {}, {"status": RunStatus.COMPLETED}, {"room_id": "a"}, {"until_us": 5}, {"text": "desk"},
        {"text": "12"}, {"text": "desk 12", "status": RunStatus.COMPLETED, "since_us": 2},
        {"workflow_id": "w1", "status": RunStatus.COMPLETED, "text": "7"},
        {"room_id": "a", "until_us": 5, "text": "0199c0de"},
    ],
)  # fmt: skip
def test_what_does_not_fit_costs_no_row(opened, sought):
    """The rows of runs hold their states: a list of a hundred thousand is quick if it looks at an index alone."""
    asked = []
    event.listen(opened.engine, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
    with opened.read() as session:
        listed(session, Sought(**sought), after=Place(9, "z"), limit=51)
        ((statement, values),) = asked
        inner = re.search(r"IN \((SELECT run\.id.*)\) ORDER BY", statement, re.DOTALL)[1]
        cursor = session.connection().connection.cursor()
        plan = cursor.execute("EXPLAIN QUERY PLAN " + inner, values[: inner.count("?")]).fetchall()

    assert re.match(r"(SEARCH|SCAN) run USING COVERING INDEX run_began", plan[0][3]), plan


@pytest.fixture
def opened(sqlite_url):
    with closing(open_quick(sqlite_url)) as database:
        yield database
