"""Which MCP servers an operator has named, in the file format that all MCP clients share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.core.catalogue import Effect
from engine.core.rates import Rate
from engine.core.secret import REFERENCE
from engine.supply.sources import BadSource, trusted

MAX_BYTES = 1_048_576
MAX_NAME = 24
_SECRET = re.compile(r"\{\{\s*" + REFERENCE.pattern + r"\s*\}\}")


class RateOfServer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    times: int = Field(ge=1)
    per_s: int = Field(ge=1)
    per_room: bool = False

    def rate(self) -> Rate:
        return Rate(self.times, self.per_s, self.per_room)


class Server(BaseModel):
    """One server: a command to start, or a URL. What other clients put beside is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    command: str | None = Field(None, min_length=1)
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    cwd: str | None = None
    url: str | None = Field(None, min_length=1)
    headers: dict[str, str] = {}
    disabled: bool = False
    timeout_s: float = Field(60, gt=0, le=3600)
    """For one call."""
    tools: tuple[str, ...] | None = None
    """The server's own names of those that are taken; all of them if absent."""
    effects: dict[str, Effect] = {}
    """By the server's own names, where its hints are wrong."""
    rate: RateOfServer | None = None
    """For each of its tools."""

    @property
    def secrets(self) -> frozenset[str]:
        """The names of those that its headers hold."""
        return frozenset(name for value in self.headers.values() for name in _SECRET.findall(value))

    def headers_with(self, secrets: Mapping[str, str]) -> dict[str, str]:
        """The headers, with the values of their secrets in them."""
        return {
            name: _SECRET.sub(lambda found: secrets[found[1]], value) for name, value in self.headers.items()
        }

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("give either command, to start it, or url, to reach it")
        if any("{{" in _SECRET.sub("", value) for value in self.headers.values()):
            raise ValueError("between {{ and }} a header takes secrets.NAME and nothing else")
        return self


class _File(BaseModel):
    mcpServers: dict[str, Server] = {}  # noqa: N815 - the name in everybody's files


def read_servers(file: Path) -> dict[str, Server]:
    """The servers by name, those that are switched off left out; none when there is no such file.

    Raises:
        BadSource: it can't be used; the message names each fault and no value.
    """
    if not file.exists():
        return {}
    raw = trusted(file).read_bytes()
    try:
        if len(raw) > MAX_BYTES:
            raise BadSource(f"{file} has more than {MAX_BYTES} bytes.")
        found = _File.model_validate_json(orjson.dumps(orjson.loads(raw)))
    except orjson.JSONDecodeError as error:
        raise BadSource(f"{file} is no JSON: {error}.") from None
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
        raise BadSource(f"{file} is wrong: {'; '.join(faults)}.") from None
    named: dict[str, Server] = {}
    for name, server in found.mcpServers.items():
        short = plain_name(name)[:MAX_NAME]
        if short in named:
            raise BadSource(f"{file}: two servers would both be known as {short!r}; rename {name!r}.")
        named[short] = server
    return {name: server for name, server in named.items() if not server.disabled}


def plain_name(name: str) -> str:
    """The name in small letters, digits and _, beginning with a letter."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"x{plain}"
