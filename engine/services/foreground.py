"""Runs a document to its end in this process, on a database of its own that is gone afterwards; a record stays."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from engine.core.errors import OpenRoomsError
from engine.core.identity import Role, User
from engine.core.room import NewRoom
from engine.core.runview import Run
from engine.core.sample import sample
from engine.runner import Runner
from engine.runtime import Runtime, open_runtime
from engine.services import control, history, rooms, runs, secrets, versions, workflows
from engine.services.control import Signal
from engine.services.kept_runs import keep
from engine.services.runs import Trial
from engine.settings import Settings
from engine.store.database import Database
from engine.store.migrations import migrate
from engine.vault import Vault

ME = User(id="foreground", name="you", role=Role.ADMIN)
ORDINARY = Trial()
POLL_S = 0.01

Tell = Callable[[dict[str, Any]], None]


class Unanswered(OpenRoomsError):
    code = "signal_needed"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The run waits for the signal {name!r}. Give its payload with --signal {name}=JSON."
        )


def run_document(
    document: dict[str, Any], input_: Any, signals: Mapping[str, Any], tell: Tell, trial: Trial = ORDINARY
) -> Run:
    """The run once it is over; `tell` gets its events as they come. The input is `input_`, whatever `trial` has.

    What the input leaves out comes from the defaults of `input_schema`; a signal that is not in `signals` is
    answered with the defaults of its form.

    Raises:
        InvalidWorkflow, InvalidInput, UnknownNode, BadTrial, Unanswered
    """
    with _own_runtime() as rt:
        workflow = workflows.create(rt, ME, document)
        published = versions.publish(rt, ME, workflow.id)
        _lend_secrets(rt, rt.plan(workflow.id, published.version.version).secrets)
        room = rooms.create(rt, ME, NewRoom(name=str(document.get("name")), workflow_id=workflow.id))
        given = {} if input_ is None else input_
        run = runs.try_out(rt, ME, room.id, trial.model_copy(update={"input": given}))
        runner = Runner(rt, threads=8)
        runner.start()
        try:
            runner.activate(run.id)
            done = _follow(rt, run, signals, tell)
        finally:
            runner.stop()
        keep(rt, done, Settings().data_dir)
        return done


def _lend_secrets(rt: Runtime, names: frozenset[str]) -> None:
    """The installation's secrets that the document refers to; those that are not there fail their steps."""
    settings = Settings()
    database = Database(settings.effective_database_url)
    if not names or database.is_missing:
        return
    with closing(database):
        for name, value in Vault(database, settings).find(names).items():
            secrets.put(rt, ME, name, value)


def _follow(rt: Runtime, run: Run, signals: Mapping[str, Any], tell: Tell) -> Run:
    seen, answered = 0, set[str]()
    while True:
        run = runs.get(rt, ME, run.id)
        for event in history.events(rt, ME, run.id, after_seq=seen, limit=10_000):
            tell(event)
            seen = event["seq"]
            if event["type"] == "WAIT_STARTED" and event["data"].get("signal"):
                _answer(rt, run, event, signals, answered)
        if run.status.is_over and seen >= run.seq:
            return run
        time.sleep(POLL_S)


def _answer(
    rt: Runtime, run: Run, event: dict[str, Any], signals: Mapping[str, Any], answered: set[str]
) -> None:
    name = event["data"]["signal"]
    forms = {item["name"]: item["form_schema"] for item in history.status(rt, ME, run.room_id)["signals"]}
    if name in signals:
        payload = signals[name]
    elif forms.get(name) is not None and "tool" not in event["data"]:  # nobody has approved a call
        payload = sample(forms[name])
    elif "until" in event["data"]:
        return  # its timeout ends the wait
    else:
        raise Unanswered(name)
    answered.add(name)
    control.signal(rt, ME, run.room_id, Signal(name=name, payload=payload))


@contextmanager
def _own_runtime() -> Iterator[Runtime]:
    with tempfile.TemporaryDirectory(prefix="openrooms-") as folder:
        settings = Settings()
        own = settings.model_copy(
            update={
                "data_dir": Path(folder),
                "database_url": "",
                "redis_url": f"unix://{folder}/none.sock",  # nobody watches: bells and feed stay silent
                "secret_key": SecretStr("foreground"),
                "mcp_servers": settings.mcp_servers or str(settings.data_dir / "mcp.json"),
            }
        )
        rt = open_runtime(own)
        try:
            migrate(rt.db)
            if rt.supply is not None and rt.supply.servers:
                rt.supply.survey()
            yield rt
        finally:
            rt.close()
