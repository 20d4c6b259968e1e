"""This process's masker: what comes from outside, what steps give, what is streamed and what is logged passes it before
it is kept.
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Callable
from typing import Any

from engine.core.masking import Masker

HIDDEN = Masker()
"""One per process: a value that was a secret once stays masked here."""


def hidden_name(name: str) -> str:
    """A name that came from outside and must stay the same one: as it is, or its hash where it holds a secret."""
    return name if HIDDEN.text(name) == name else hashlib.sha256(name.encode()).hexdigest()


def hide_in_logs() -> None:
    """Mask log records where they are made, so that no handler of anybody gets to see more."""
    make = logging.getLogRecordFactory()
    if getattr(make, "hides", False):
        return
    logging.setLogRecordFactory(_Hiding(make))


class _Hiding:
    hides = True

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        try:
            said = record.getMessage()
        except Exception:  # noqa: BLE001 - a message that can't be put together is the handler's to complain about
            return record
        masked = HIDDEN.text(said)
        if masked != said:
            record.msg, record.args = masked, ()
        if record.exc_info and record.exc_info[0]:
            told = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            if (hidden := HIDDEN.text(told)) != told:
                record.exc_info, record.exc_text = None, hidden
        return record
