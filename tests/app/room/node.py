"""Runs the page's TypeScript with the Node of the virtual environment, which reads it as it is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def node(script: str, given: Any) -> Any:
    """What `script` of this folder answers to `given`, both as JSON."""
    command = [
        str(Path(sys.executable).with_name("node")),
        "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
        str(Path(__file__).with_name(script)),
    ]
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
