"""Where an operator keeps tools of his own; only settings say so, never a user, a document or a model."""

from __future__ import annotations

import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.core.errors import OpenRoomsError
from engine.settings import Settings


class BadSource(OpenRoomsError):
    """A place for tools that can't be used; `message` says why and what to do."""

    code = "bad_tool_source"


@dataclass(frozen=True, slots=True)
class Sources:
    """Plain texts, so that a child process can be told them; empty: there is none."""

    tools_dir: str = ""
    mcp_servers: str = ""
    """The file that names MCP servers."""
    kept_in: str = ""
    """The folder where lists of their tools and what they print is kept."""
    http_allow: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Sources:
        """Those of an installation: `mcp.json` in its data dir unless another file is set."""
        folder = settings.data_dir.resolve()
        file = Path(settings.mcp_servers or folder / "mcp.json")
        return cls(
            tools_dir=str(Path(settings.tools_dir).resolve()) if settings.tools_dir else "",
            mcp_servers=str(file.resolve()),
            kept_in=str(folder / "mcp"),
            http_allow=settings.http_allow,
        )

    def plain(self) -> dict[str, str]:
        return asdict(self)


def trusted(path: Path) -> Path:
    """The path, if nobody but its owner and his group can change what is there: it is going to be executed.

    Raises:
        BadSource
    """
    try:
        status = path.stat()
    except OSError as error:
        raise BadSource(f"{path} can't be read: {error.strerror}.") from None
    if status.st_mode & stat.S_IWOTH:
        raise BadSource(f"Everybody can write {path}, and what is there is executed: chmod o-w it.")
    if status.st_uid not in (os.getuid(), 0):
        raise BadSource(f"{path} belongs to another user, and what is there is executed: chown it.")
    return path
