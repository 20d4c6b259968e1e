"""Two processes whose sets and dicts of strings are ordered otherwise decide the same, byte for byte."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def logs_with(hash_seed: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.core.properties.logs"],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_log_does_not_depend_on_the_hash_seed_of_the_process() -> None:
    first, second = logs_with("1"), logs_with("2")
    told = [process.communicate(timeout=100)[0] for process in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0)
    assert told[0] == told[1]
    assert len(set(told[0].split())) == 16
