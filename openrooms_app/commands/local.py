"""This installation, for commands that work on the machine itself."""

import logging
import os
from pathlib import Path
from typing import Any

from openrooms_app.loading import loading


def settings(data_dir: Path | None) -> Any:
    from engine.settings import Settings

    if data_dir is not None:
        os.environ["OPENROOMS_DATA_DIR"] = str(data_dir.resolve())
    return Settings()


def runtime() -> Any:
    with loading():
        from engine.services.upkeep import open_migrated

        return open_migrated(settings(None))


def log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "httpx2", "huey", "huey.consumer", "alembic", "reflex"):
        logging.getLogger(noisy).setLevel("WARNING")
