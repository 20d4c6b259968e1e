"""How long it takes to find runs among 100,000 in a thousand rooms, half of them in one, over thirty days; prints one JSON line.

    python -m benchmarks.run_lists              # on SQLite
    python -m benchmarks.run_lists 100000 DATABASE_URL    # of an empty database

A page of fifty, its median over the rounds in milliseconds, for each way of asking; those that nothing fits look the longest.
"""

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import uuid_utils

from engine.core.run import RunStatus
from engine.store.database import Database, Session
from engine.store.migrations import migrate
from engine.store.run_list import Sought, listed
from engine.store.tables import RoomRow, RunRow, WorkflowRow

ROOMS: Final = 1_000
WORKFLOWS: Final = 40
ROUNDS: Final = 7
DAY_US: Final = 86_400_000_000
STATE: Final = json.dumps({"vars": {"text": "lorem ipsum " * 90}})
NOW_US: Final = 1_790_000_000_000_000


def fill(session: Session, count: int) -> None:
    by_chance = random.Random(1)
    at = {"created_us": 1, "updated_us": 1}
    for number in range(WORKFLOWS):
        session.add(WorkflowRow(id=f"w{number}", name=f"Flow {number}", status="ACTIVE", draft="{}", **at))
    session.flush()
    for number in range(ROOMS):
        of = f"w{number % WORKFLOWS}"
        session.add(RoomRow(id=f"r{number}", name=f"Desk {number} of Lena", workflow_id=of, **at))
    session.flush()
    numbers: dict[int, int] = defaultdict(int)
    for begun in range(count):
        room = 0 if begun % 2 else by_chance.randrange(1, ROOMS)
        numbers[room] += 1
        session.add(
            RunRow(
                id=str(uuid_utils.uuid7()),
                room_id=f"r{room}",
                workflow_id=f"w{room % WORKFLOWS}",
                version=1,
                number=numbers[room],
                status=by_chance.choices(["COMPLETED", "FAILED", "CANCELLED"], [95, 4, 1])[0],
                state=STATE,
                created_us=NOW_US - (count - begun) * 30 * DAY_US // count,
            )
        )
        if not begun % 1_000:
            session.flush()
            session.expunge_all()
    session.flush()


def questions() -> Iterator[tuple[str, dict[str, Any]]]:
    early = {"until_us": NOW_US - 28 * DAY_US}
    yield "everything", {}
    yield "completed", {"status": RunStatus.COMPLETED}
    yield "early_cancelled_of_a_workflow", {**early, "status": RunStatus.CANCELLED, "workflow_id": "w7"}
    yield "last_day_of_the_large_room", {"since_us": NOW_US - DAY_US, "room_id": "r0"}
    yield "names", {"text": "lena flow"}
    yield "a_number", {"text": "#40000"}
    yield "an_id", {"text": str(uuid_utils.uuid7())}
    yield "names_nothing", {"text": "nobody"}
    yield "number_nothing_completed", {"text": "lena 7777777", "status": RunStatus.COMPLETED}
    yield "all_nothing", {**early, "text": "lena 7777777", "status": RunStatus.COMPLETED, "workflow_id": "w0"}


def taken_ms(database: Database, sought: Sought) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with database.read() as session:
            listed(session, sought, after=None, limit=51)
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took), 1)


def main(count: int = 100_000, url: str = "") -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Database(url or f"sqlite:///{folder}/db")) as database,
    ):
        migrate(database)
        with database.write() as session:
            fill(session, count)
        told = {name: taken_ms(database, Sought(**asked)) for name, asked in questions()}
        on = "sqlite" if database.is_sqlite else "postgresql"
    worst = max(told.values())
    print(
        json.dumps(
            {
                "benchmark": "run_lists",
                "runs": count,
                "database": on,
                "worst_ms": worst,
                **told,
                "load": os.getloadavg()[0],
            }
        )
    )


if __name__ == "__main__":
    main(*([int(sys.argv[1])] if sys.argv[1:] else []), *sys.argv[2:])
