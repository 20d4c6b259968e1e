"""This installation, for commands that work on the machine itself."""

import logging
import os
from pathlib import Path
from typing import Any

import click


def settings(data_dir: Path | None) -> Any:
    from pydantic import ValidationError

    from engine.settings import Settings

    if data_dir is not None:
        os.environ["OPENROOMS_DATA_DIR"] = str(data_dir.resolve())
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise click.UsageError(f"The configuration is wrong: {faults}") from None


def runtime() -> Any:
    from engine.services.upkeep import open_migrated

    return open_migrated(settings(None))


def log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "httpx2", "huey", "huey.consumer", "alembic", "reflex"):
        logging.getLogger(noisy).setLevel("WARNING")
