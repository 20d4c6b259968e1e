"""Statements that PostgreSQL is sent in its own protocol: each is there whole and committed, or told to have failed."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.core.errors import InvalidInput
from engine.store.database import Database, DatabaseBusy, DatabaseDown
from engine.store.postgresql import Lane
from tests.fixtures.databases import open_quick
from tests.fixtures.running import until

PUT = (
    "INSERT INTO note (body, number, share, flag) VALUES (?, ?, ?, ?) RETURNING id, body, number, share, flag"
)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    with closing(open_quick(postgres_url)) as database:
        with database.change() as hot:
            columns = "body text, number bigint, share double precision, flag boolean"
            hot.run(f"CREATE TABLE note (id serial PRIMARY KEY, {columns})")
        yield database
        with database.change() as hot:
            hot.run("DROP TABLE note")


@pytest.fixture
def lane(database: Database) -> Iterator[Lane]:
    lane = database.lane()
    assert lane is not None
    yield lane
    lane.close()


def bodies(database: Database) -> list[str]:
    with database.look() as hot:
        return [row[0] for row in hot.all("SELECT body FROM note ORDER BY id")]


def put(lane: Lane, body: str) -> object:
    asked = lane.send(PUT, (body, 1, 0.5, True))
    return lane.take(asked)


def pid(lane: Lane) -> int:
    asked = lane.send("SELECT pg_backend_pid()", ())
    found = lane.take(asked)
    assert found is not None
    return int(found[0] or 0)


def cut(database: Database, pid: int) -> None:
    with database.look() as hot:
        hot.run("SELECT pg_terminate_backend(?)", pid)
    until(lambda: is_gone(database, pid) or None)


def is_gone(database: Database, pid: int) -> bool:
    with database.look() as hot:  # within a transaction the list stays as it was first seen
        return hot.one("SELECT 1 FROM pg_stat_activity WHERE pid = ?", pid) is None


def test_what_was_taken_is_committed_and_comes_back_as_it_was_given(database: Database, lane: Lane) -> None:
    large = "grüße 😀 " * 100_000  # more than the socket takes at once

    for body in ("it's; -- ?", large):
        asked = lane.send(PUT, (body, 2**62, 1e-7, False))
        taken = lane.take(asked)
        assert taken is not None
        assert taken[1:] == (body, str(2**62), "1e-07", "f")
        assert bodies(database)[-1] == body
    asked = lane.send(PUT, (None, None, None, None))
    assert lane.take(asked) == ("3", None, None, None, None)
    asked = lane.send("UPDATE note SET body = ? WHERE id = ? RETURNING id", ("new", 99))
    assert lane.take(asked) is None


def test_a_statement_that_fails_leaves_no_trace_and_the_next_one_is_made(
    database: Database, lane: Lane
) -> None:
    put(lane, "first")

    asked = lane.send(PUT, ("a\0b", 1, 0.5, True))
    with pytest.raises(InvalidInput, match="NUL"):
        lane.take(asked)
    asked = lane.send(PUT, ("too large", 2**70, 0.5, True))
    with pytest.raises(InvalidInput, match="bigint"):
        lane.take(asked)
    asked = lane.send("SET lock_timeout = 50", ())
    lane.take(asked)
    with database.change() as hot:
        hot.run("LOCK TABLE note")
        asked = lane.send(PUT, ("late", 1, 0.5, True))
        with pytest.raises(DatabaseBusy):
            lane.take(asked)

    put(lane, "last")
    assert bodies(database) == ["first", "last"]


def test_a_connection_that_is_cut_is_told_and_another_one_is_opened(database: Database, lane: Lane) -> None:
    put(lane, "first")

    cut(database, pid(lane))
    asked = lane.send(PUT, ("is not sent", 1, 0.5, True))
    with pytest.raises(DatabaseDown):
        lane.take(asked)
    other = pid(lane)
    put(lane, "second")
    with database.change() as hot:
        hot.run("LOCK TABLE note")
        asked = lane.send(PUT, ("waits", 1, 0.5, True))
        cut(database, other)
        with pytest.raises(DatabaseDown) as told:
            lane.take(asked)

    assert "AdminShutdown" in str(told.value.__cause__)  # why the server hung up, not only that it did
    put(lane, "last")
    assert bodies(database) == ["first", "second", "last"]


def test_what_was_sent_one_after_the_other_is_made_in_order_until_one_fails(
    database: Database, lane: Lane
) -> None:
    made = [lane.send(PUT, (body, 1, 0.5, True)) for body in ("first", "second")]
    wrong = lane.send(PUT, ("too large", 2**70, 0.5, True))
    after = lane.send(PUT, ("after it", 1, 0.5, True))

    assert [row and row[1] for row in map(lane.take, made)] == ["first", "second"]
    with pytest.raises(DatabaseDown, match="before it"):
        lane.take(after)
    with pytest.raises(InvalidInput, match="bigint"):
        lane.take(wrong)
    put(lane, "last")

    assert bodies(database) in (
        ["first", "second", "last"],
        ["first", "second", "after it", "last"],  # it was not known
    )
