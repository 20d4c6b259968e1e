"""How long a thread stays with a run, and why it leaves it."""

from __future__ import annotations

from enum import Enum

TURN_S = 0.05
"""After which other runs get their turn."""
ANSWER_S = 0.002
"""How long a thread stays for a step that answers at once."""


class Stopped(Enum):
    """Why a thread leaves a drive."""

    BLOCKED = 0
    TURN_OVER = 1
    HANDED_OVER = 2
    """The committer has it, and says when the run goes on: until then nobody drives."""
