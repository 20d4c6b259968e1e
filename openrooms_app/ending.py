"""A process that was told to stop ends, though what it waits for never answers: nothing is kept in it that could be lost."""

import logging
import os
import threading
import time
from typing import Final

log = logging.getLogger(__name__)

ANYWAY_S: Final = 4
"""What it may take beyond the time it allows what is under way; the supervisor of `up` waits longer than that."""


def end_anyway(allowed_s: float) -> None:
    """From now on it has this long, and a little, to end well: a database that is stopped holds up every thread that asks it."""

    def end() -> None:
        time.sleep(allowed_s + ANYWAY_S)
        log.warning("what this process waits for does not answer: it ends as if it had been killed")
        os._exit(1)

    threading.Thread(target=end, name="ending", daemon=True).start()
