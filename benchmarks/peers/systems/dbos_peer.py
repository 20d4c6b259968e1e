"""DBOS Transact: a workflow that calls steps, its system database on SQLite or PostgreSQL."""

import os

from dbos import DBOS
from harness import clock, main


@DBOS.step()
def increment(x: int) -> int:
    return x + 1


@DBOS.step()
def stamp(x: int) -> list[float]:
    return [x + 1, clock()]


@DBOS.step()
def total(found: list[int]) -> int:
    return sum(found)


@DBOS.workflow()
def row(steps: int) -> int:
    x = 0
    for _ in range(steps):
        x = increment(x)
    return x


@DBOS.workflow()
def row_of_three() -> list[float]:
    x, at = stamp(0)
    return [increment(increment(int(x))), at]


@DBOS.workflow()
def forked(branches: int, depth: int) -> int:
    handles = [DBOS.start_workflow(row, depth) for _ in range(branches)]
    return total([handle.get_result() for handle in handles])


class Dbos:
    def __init__(self, url: str) -> None:
        DBOS(
            config={
                "name": "bench",
                "system_database_url": url if "://" in url else f"sqlite:///{url}",
                "log_level": "ERROR",
                "application_version": "1",
                "executor_id": str(os.getpid()),
                "run_admin_server": False,
            }
        )
        DBOS.launch()

    def chain(self, steps: int) -> int:
        return int(DBOS.start_workflow(row, steps).get_result())

    def many(self, runs: int, steps: int) -> list[int]:
        handles = [DBOS.start_workflow(row, steps) for _ in range(runs)]
        return [handle.get_result() for handle in handles]

    def three(self) -> tuple[float, float]:
        began = clock()
        _, at = DBOS.start_workflow(row_of_three).get_result()
        return (at - began) * 1000, (clock() - began) * 1000

    def fork(self, branches: int, depth: int) -> int:
        return int(DBOS.start_workflow(forked, branches, depth).get_result())

    def close(self) -> None:
        DBOS.destroy()


if __name__ == "__main__":
    main(Dbos)
