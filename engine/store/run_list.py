"""Lists of runs, the newest first: those that fit all that is asked for, found by an index however many there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    fitting = select(id_).where(*_conditions(sought)).order_by(*order).limit(limit)
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
    for word in set(_RUN_AND.sub("", sought.text).lower().split()):
        yield _has(word)


def _has(word: str) -> ColumnElement[bool]:
    number, is_id = _NUMBER.fullmatch(word), _ID.fullmatch(word)
    ways: list[ColumnElement[bool]] = [col(RunRow.room_id).in_(_rooms_named(word))]
    if number:
        ways.append(col(RunRow.number) == int(number[1]))
    if is_id:
        ways.append(col(RunRow.id).startswith(word, autoescape=True))
    return or_(*ways)


def _rooms_named(word: str) -> Any:
    def named(name: Any) -> ColumnElement[bool]:
        return func.lower(name).contains(word, autoescape=True)

    workflows = select(col(WorkflowRow.id)).where(named(col(WorkflowRow.name)))
    is_named = or_(named(col(RoomRow.name)), col(RoomRow.workflow_id).in_(workflows))
    return select(col(RoomRow.id)).where(is_named)
