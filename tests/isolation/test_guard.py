"""What ends the groups of a worker's children: those that it still knows, once nobody holds it any more."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.isolation.guard import Guard
from tests.crash.installation import until
from tests.runner.test_children import children, gone, is_alive

POLITE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture
def leaders() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Three processes, each with a group of its own."""
    with ExitStack() as stack:
        made = [
            stack.enter_context(subprocess.Popen(["sleep", "300"], start_new_session=True)) for _ in range(3)
        ]
        yield made
        for process in made:
            process.kill()


def is_ignored(signal_: signal.Signals, pid: int) -> bool:
    (mask,) = re.findall(r"SigIgn:\t(\w+)", Path(f"/proc/{pid}/status").read_text())
    return bool(int(mask, 16) >> (signal_ - 1) & 1)


def test_only_what_was_not_discarded_is_ended_and_nothing_before_the_end(
    leaders: list[subprocess.Popen[bytes]],
) -> None:
    first, second, third = leaders
    before = children()
    guard = Guard()
    guard.add(first.pid)
    (killed,) = children() - before
    until(lambda: all(is_ignored(each, killed) for each in POLITE))
    for each in POLITE:
        os.kill(killed, each)
    guard.add(second.pid)
    assert children() - before == {killed}

    os.kill(killed, signal.SIGKILL)
    assert gone(killed)
    guard.discard(first.pid)  # it hears nothing any more
    guard.add(third.pid)  # as does its successor
    assert all(is_alive(process.pid) for process in leaders)
    guard.close()

    assert gone(second.pid)
    assert gone(third.pid)
    assert is_alive(first.pid)
    assert not children() - before
