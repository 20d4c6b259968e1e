"""A virtual environment for each peer under .make/peers, made when it is first wanted; never ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.engine.databases import ROOT

PACKAGES: dict[str, tuple[str, ...]] = {
    "langgraph": (
        "langgraph==1.2.*",
        "langgraph-checkpoint-sqlite==3.1.*",
        "langgraph-checkpoint-postgres==3.2.*",
        "psycopg[binary,pool]==3.3.*",
    ),
    "dbos": ("dbos==3.4.*",),
    "burr": ("burr[tracking]==0.42.*",),
}


def python_of(peer: str) -> Path:
    """The interpreter that has the peer.

    Raises:
        subprocess.CalledProcessError: it can't be installed; pip has told why.
    """
    folder = ROOT / ".make" / "peers" / peer
    python = folder / "bin" / "python"
    ready = folder / ".installed"
    wanted = "\n".join(PACKAGES[peer])
    if ready.is_file() and ready.read_text() == wanted:
        return python
    print(f"Installing {peer} into {folder} …", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *PACKAGES[peer]], check=True)
    ready.write_text(wanted)
    return python
