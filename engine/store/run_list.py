"""Lists of runs, the newest first: those that fit all that is asked for, found by an index however many there are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlmodel import Session, col

from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.store.runs import run_of
from engine.store.tables import RoomRow, RunRow, WorkflowRow

_RUN_AND: Final = re.compile(r"\brun\s+(?=#?\d)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"#?(\d{1,9})", re.ASCII)
_ID: Final = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,28}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which runs: those that fit all that is given; begun from `since_us` on and before `until_us`.

    Each word of `text` must be part of the room's or the workflow's name, the run's number or the beginning of its id.
    """

    status: RunStatus | None = None
    room_id: str | None = None
    workflow_id: str | None = None
    since_us: int | None = None
    until_us: int | None = None
    text: str = ""

    @property
    def is_backward(self) -> bool:
        """The time asked for ends before it begins: no run can fit."""
        return self.since_us is not None and self.until_us is not None and self.since_us >= self.until_us


EVERYTHING: Final = Sought()


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a run stands in a list."""

    began_us: int
    run_id: str


def listed(session: Session, sought: Sought, *, after: Place | None, limit: int) -> list[Run]:
    """Newest first, those after the place `after`."""
    began, id_ = col(RunRow.created_us), col(RunRow.id)
    order = began.desc(), id_.desc()
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    conditions = *_conditions(sought), *_named(sought.text, is_sqlite)
    fitting = select(id_).where(*conditions).order_by(*order).limit(limit)
    if after is not None:
        fitting = fitting.where(tuple_(began, id_) < tuple_(after.began_us, after.run_id))
    # In two steps: the first reads an index alone, so that what does not fit costs no row with its state.
    query = select(RunRow).where(id_.in_(fitting)).order_by(*order)
    return [run_of(row) for row in session.execute(query).scalars()]


def _conditions(sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.status is not None:
        yield col(RunRow.status) == sought.status
    if sought.room_id is not None:
        yield col(RunRow.room_id) == sought.room_id
    if sought.workflow_id is not None:  # by its rooms: every index that a list is read from has the room
        rooms = select(col(RoomRow.id)).where(col(RoomRow.workflow_id) == sought.workflow_id)
        yield col(RunRow.room_id).in_(rooms)
    if sought.since_us is not None:
        yield col(RunRow.created_us) >= sought.since_us
    if sought.until_us is not None:
        yield col(RunRow.created_us) < sought.until_us


def _named(text: str, is_sqlite: bool) -> Iterator[ColumnElement[bool]]:
    """Words that can only be of names are looked up together; a number or an id may be one of a name as well."""
    of_names = []
    for word in sorted(set(_RUN_AND.sub("", text).lower().split())):
        number, is_id = _NUMBER.fullmatch(word), _ID.fullmatch(word)
        ways: list[ColumnElement[bool]] = [col(RunRow.number) == int(number[1])] if number else []
        ways += [col(RunRow.id).startswith(word, autoescape=True)] if is_id else []
        if ways:
            yield or_(*ways, _in_rooms([word], is_sqlite))
        else:
            of_names.append(word)
    if of_names:
        yield _in_rooms(of_names, is_sqlite)


def _in_rooms(words: Sequence[str], is_sqlite: bool) -> ColumnElement[bool]:
    """In a room whose name and whose workflow's name have all these words between them."""

    def has(name: Any, word: str) -> ColumnElement[bool]:
        # SQLite's LIKE takes ASCII letters of either case for the same, and its `lower` is a call of Python for each name.
        folded = name if is_sqlite and word.isascii() else func.lower(name)
        found: ColumnElement[bool] = folded.contains(word, autoescape=True)
        return found

    def is_named(word: str) -> ColumnElement[bool]:
        workflows = select(col(WorkflowRow.id)).where(has(col(WorkflowRow.name), word))
        return or_(has(col(RoomRow.name), word), col(RoomRow.workflow_id).in_(workflows))

    rooms = select(col(RoomRow.id)).where(*map(is_named, words))
    return col(RunRow.room_id).in_(rooms)
