"""A nursery and a PostgreSQL for all tests here, and an installation on each database for each test."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.store.database import Database
from engine.store.migrations import migrate
from tests.crash import ledger
from tests.crash.installation import Installation
from tests.crash.nursery import Nursery
from tests.crash.postgres import IN_MEMORY, Postgres

_numbers = itertools.count(1)
Make = Callable[..., Installation]


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    plugins = tmp_path_factory.mktemp("plugins")
    ledger.enter(plugins)
    with closing(Nursery(plugins)) as nursery:
        yield nursery


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server with a migrated template; killed servers are started again by whoever kills them."""
    server = Postgres()
    try:
        server.start()
        with closing(Database(server.create("migrated"))) as database:
            migrate(database)
        yield server
    finally:
        server.stop()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, for sockets."""
    path = Path(tempfile.mkdtemp(prefix="openrooms-crash-", dir=IN_MEMORY))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def on_sqlite(nursery: Nursery, folder: Path, sqlite_template: Path) -> Iterator[Installation]:
    shutil.copy(sqlite_template, folder / "openrooms.db")
    with closing(Installation(folder, f"sqlite:///{folder / 'openrooms.db'}", nursery)) as installation:
        yield installation


@pytest.fixture
def on_postgres(nursery: Nursery, folder: Path, postgres: Postgres) -> Iterator[Installation]:
    name = f"crash_{next(_numbers)}"
    with closing(Installation(folder, postgres.create(name, "migrated"), nursery)) as installation:
        yield installation
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Installation:
    """An installation; whoever asks for it runs twice."""
    name = "on_sqlite" if request.param == "sqlite" else "on_postgres"
    found = request.getfixturevalue(name)
    assert isinstance(found, Installation)
    return found
