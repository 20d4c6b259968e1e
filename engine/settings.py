"""Every environment variable, read once into a frozen value: environment first, then `.env`, then defaults."""

import os
import re
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from engine.core.errors import OpenRoomsError


def _named(name: str) -> AliasChoices:
    return AliasChoices(name, name.lower())


class BadSettings(OpenRoomsError):
    """What was set can't be used."""

    code = "bad_settings"

    def __init__(self, error: ValidationError) -> None:
        told = ((_variable(str(item["loc"][0])), item["msg"]) for item in error.errors())
        faults = "; ".join(f"{name}: {words.removeprefix('Value error, ')}" for name, words in told)
        super().__init__(f"The configuration is wrong: {faults}.")


class Settings(BaseSettings):
    """What an operator can set; `openrooms doctor` shows what won.

    Raises:
        BadSettings: something else is set than can be used.
    """

    model_config = SettingsConfigDict(
        env_prefix="OPENROOMS_", env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore"
    )

    data_dir: Path = Path("./.openrooms")
    database_url: str = ""
    """Empty: SQLite in the data dir."""
    redis_url: str = ""
    """Empty: the embedded server that `up` starts."""
    secret_key: SecretStr = SecretStr("")
    """Empty: made at first start and kept in the data dir with mode 0600."""
    master_key: SecretStr = SecretStr("")
    """Keys that protect secrets, separated by commas, the newest first. Empty: made at first use, kept in the data dir."""
    http_allow: str = ""
    """Hosts or CIDRs, separated by commas, that outbound calls may reach besides public addresses."""
    public_url: str = ""
    """Where others reach this installation, as https://rooms.example: what addresses given out begin with."""
    tools_dir: str = ""
    """A folder of Python files with tools of your own; a file that changes is loaded again at once."""
    mcp_servers: str = ""
    """The file that names MCP servers, as other clients have it; `mcp.json` in the data dir if unset."""
    mcp_rooms: Literal["each", "one"] = "each"
    """Where a workflow runs that is called over MCP: each call in a room of its own, or all in one."""
    call_room_days: int = Field(7, ge=0, le=36_500)
    """How long the room of one call is kept after its run; 0: for good."""
    commit: Literal["to_block", "every_step"] = "to_block"
    worker_threads: int = Field(16, ge=1, le=256)
    """Also the most child processes a worker has at once."""
    child_memory_mb: int = Field(1024, ge=0)
    """What a child process that executes blocking tools may use; 0: no cap."""
    watchdog_s: int = Field(10, ge=2, le=3600)
    """How long a step may hold up all others, by a loop without end, before its process is given up."""
    worker_grace_s: float = Field(5, ge=0, le=3600)
    """How long a worker that is told to stop waits for the steps under way; what takes longer is begun again later."""
    crash_at: str = ""
    """For tests: where a process is to kill itself, as "after_claim:3"; see engine/failpoints.py."""
    embedding: str = Field("", pattern=r"^([a-z][a-z0-9_]{0,63}:.{1,150})?$")
    """The model that says what texts mean, as "openai:text-embedding-3-small"; empty: found by their words."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    prices_file: str = ""
    """What models cost, instead of our own list: engine/providers/prices.json shows the form."""
    openai_api_key: SecretStr = Field(SecretStr(""), validation_alias=_named("OPENAI_API_KEY"))
    openai_base_url: str = Field("", validation_alias=_named("OPENAI_BASE_URL"))
    anthropic_api_key: SecretStr = Field(SecretStr(""), validation_alias=_named("ANTHROPIC_API_KEY"))
    anthropic_base_url: str = Field("", validation_alias=_named("ANTHROPIC_BASE_URL"))

    def __init__(self, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise BadSettings(error) from None

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str) -> str:
        if url.startswith(("postgres://", "postgresql://")):  # as hosting services write it
            return f"postgresql+psycopg://{url.partition('://')[2]}"
        if url and not url.startswith(("postgresql+psycopg://", "sqlite:///")):
            raise ValueError("it begins with postgresql+psycopg:// or sqlite:///")
        return url

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, url: str) -> str:
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("it begins with redis://, rediss:// or unix://")
        return url

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'openrooms.db'}"


class Chosen(NamedTuple):
    """A setting that is not left to its default: what won, and where it stands."""

    name: str
    shown: str
    origin: Literal["environment", ".env"]


def chosen(settings: Settings) -> list[Chosen]:
    """Every setting that the environment or `.env` gives, with secrets and passwords masked."""
    environment = {name.upper() for name in os.environ}
    file = {name.upper() for name in DotEnvSettingsSource(Settings).env_vars}
    found = []
    for field in Settings.model_fields:
        name = _variable(field)
        if name in environment or name in file:
            value = getattr(settings, field)
            shown = str(value) if isinstance(value, SecretStr) else _PASSWORD.sub(r"\1***@", str(value))
            found.append(Chosen(name, shown, "environment" if name in environment else ".env"))
    return found


def _variable(field: str) -> str:
    """The environment variable of a field; pydantic names one that has an alias by that."""
    ours = field.upper().startswith(_OURS)
    return field.upper() if ours else f"OPENROOMS_{field.upper()}"


_PASSWORD = re.compile(r"(://[^/@\s]*:)[^@\s]*@")
_OURS = ("OPENROOMS_", "OPENAI_", "ANTHROPIC_")


def environment_for_others() -> dict[str, str]:
    """The environment for code that is not ours: no key, secret or database address of this installation in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
