"""A small process that outlives its worker by a moment, and ends its children with all they have started, however it died."""

from __future__ import annotations

import contextlib
import subprocess

SCRIPT = """
trap "" HUP INT TERM
while read -r groups; do last=$groups; done
[ -z "$last" ] || kill -s KILL -- $last
"""
"""Each line names all groups that there are now; when no further line can come, the worker is gone."""


class Guard:
    """Knows the process groups of a worker's children; there from the first of them on."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def add(self, group: int) -> None:
        """Before anything may be started in that group."""
        self._groups.add(group)
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                ["/bin/sh", "-c", SCRIPT],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # which of them were gone before
                env={},
                start_new_session=True,  # what ends the worker's group leaves it
            )
        self._tell()

    def discard(self, group: int) -> None:
        """Once all of that group have been killed."""
        if group in self._groups:
            self._groups.discard(group)
            self._tell()

    def close(self) -> None:
        """End it; it ends in turn what it was not told to discard."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _tell(self) -> None:
        line = " ".join(f"-{group}" for group in sorted(self._groups))
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(
                BrokenPipeError
            ):  # somebody has killed it: the next child gets a new one
                self._process.stdin.write(line.encode() + b"\n")
