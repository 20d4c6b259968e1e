"""Runs that `openrooms run` made: their records lie in the data dir, so that they can be decided again."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import orjson

from engine.core.document import Document
from engine.core.log import Stored
from engine.core.plan import compile_plan
from engine.core.runview import Run
from engine.runtime import Runtime
from engine.services.documents import installed
from engine.services.history import End, rows_of, verdict
from engine.settings import Settings
from engine.store import runs

FOLDER = "runs"
KEPT = 100
"""The newest; who wants more runs them in a room."""
_RUN_ID = re.compile(r"[0-9a-f-]{36}")

log = logging.getLogger(__name__)


def keep(rt: Runtime, run: Run, data_dir: Path) -> None:
    """Write down what a replay needs. A folder that can't be written to costs the replay, not the run."""
    with rt.db.read() as session:
        document = runs.version_document(session, run.workflow_id, run.version)
    record = {
        "end": {"seq": run.seq, "fingerprint": run.fingerprint},
        "document": orjson.loads(document or b"{}"),
        "rows": [[row.seq, row.body.decode(), row.hash] for row in rows_of(rt, run.id)],
    }
    folder = data_dir / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / f"{run.id}.json").write_bytes(orjson.dumps(record))
        for old in sorted(folder.glob("*.json"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the run's record is not kept, so `openrooms replay` won't find it: %s", error)


def replay_kept(settings: Settings, run_id: str) -> dict[str, Any] | None:
    """As `history.replay_run`, of a run that `openrooms run` made here; None if there is no record of it."""
    file = settings.data_dir / FOLDER / f"{run_id}.json"
    if not _RUN_ID.fullmatch(run_id) or not file.is_file():
        return None
    record = orjson.loads(file.read_bytes())
    rows = [Stored(seq, body.encode(), hash_) for seq, body, hash_ in record["rows"]]
    plan = compile_plan(Document.of(record["document"]), installed())
    return verdict(plan, rows, End(**record["end"]))
