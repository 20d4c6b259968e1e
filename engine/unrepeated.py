"""A filter for the logs of what is tried again and again: the same words once a minute."""

from __future__ import annotations

import logging

AGAIN_S = 60.0


class Unrepeated(logging.Filter):
    """Lets a warning through if it says something else than the one before it, or that was a while ago."""

    def __init__(self) -> None:
        super().__init__()
        self._last, self._told_s = "", 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if said == self._last and record.created - self._told_s < AGAIN_S:
            return False
        self._last, self._told_s = said, record.created
        return True
