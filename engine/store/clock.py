"""The installation's clock: how far it is ahead of each machine's time since boot, agreed on once per boot, or anew when
none of its workers is at work.

Clocks on walls are set, forward and back; time since boot only passes. All processes of a machine that agree on
the distance between the two have one clock that nobody sets.
"""

from __future__ import annotations

import time
from pathlib import Path

from engine.store.database import Hot

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot_us() -> int:
    """Microseconds since this machine was started, the time it slept included."""
    return time.clock_gettime_ns(SINCE_BOOT) // 1000


def boot_id() -> str | None:
    """Names this start of this machine; None where no machine can tell."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else None


def agree(hot: Hot, boot: str) -> int:
    """Microseconds to add to the time since boot: what the first process of this boot found."""
    hot.run(
        "INSERT INTO clock (boot_id, ahead_us) VALUES (?, ?) ON CONFLICT DO NOTHING",
        boot,
        _wall_us(hot) - since_boot_us(),
    )
    return int(hot.one("SELECT ahead_us FROM clock WHERE boot_id = ?", boot)[0])


def forget(hot: Hot) -> None:
    """Whoever is started from now on finds out anew."""
    hot.run("DELETE FROM clock")


def put_forward(hot: Hot, boot: str, ahead_us: int) -> None:
    """Have this boot's processes that are started from now on agree on so much, unless it is more already."""
    hot.run("UPDATE clock SET ahead_us = ? WHERE boot_id = ? AND ahead_us < ?", ahead_us, boot, ahead_us)


def _wall_us(hot: Hot) -> int:
    """PostgreSQL's clock, which all machines share, or this machine's."""
    if hot.is_sqlite:
        return time.time_ns() // 1000
    return int(hot.one("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")[0])
