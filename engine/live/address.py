"""Where the embedded Redis listens: a unix socket that follows from the data dir, so nobody has to be told."""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

MAX_SOCKET_PATH = 100
"""Bytes; the kernel's limit is 108 on Linux and 104 on macOS, its ending NUL included."""


def socket_path(data_dir: Path) -> Path:
    """The socket of this data dir.

    A deep data dir has a path that no socket can have. Its socket lies in a directory of its own under
    /tmp, named by a hash: still a file that only its owner can open, which a TCP port would not be.
    """
    wanted = data_dir.resolve() / "redis.sock"
    if len(os.fsencode(wanted)) <= MAX_SOCKET_PATH:
        return wanted
    name = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    # Not the temporary directory of this process: all processes of an installation must agree.
    return Path(f"/tmp/openrooms-{os.getuid()}-{name}/redis.sock")  # noqa: S108 - its owner is checked


def embedded_url(data_dir: Path) -> str:
    """What clients of the embedded Redis connect to."""
    return f"unix://{quote(str(socket_path(data_dir)))}"
