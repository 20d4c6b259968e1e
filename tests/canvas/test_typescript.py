"""Runs the unit tests of the browser's pure modules with the Node of the virtual environment."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.ts")), ids=lambda file: file.stem)
def test_the_browsers_modules_hold(file: Path) -> None:
    done = subprocess.run(
        [str(NODE), "--test", "--disable-warning=ExperimentalWarning", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
