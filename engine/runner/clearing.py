"""Clears rooms away that were made for one call, some days after it: each in a transaction of its own, and written down."""

from __future__ import annotations

from engine.runtime import Runtime
from engine.store import audit, rooms

CLEARED_AT_ONCE = 20
DAY_US = 86_400_000_000


def clear_away(rt: Runtime, now_us: int) -> int:
    """Delete some of the rooms whose time is up, whichever worker comes first; how many there were."""
    days = rt.settings.call_room_days
    if days == 0:
        return 0
    before_us = now_us - days * DAY_US
    with rt.db.look() as hot:
        found = rooms.outlived(hot, before_us, CLEARED_AT_ONCE)
    for room_id in found:
        with rt.db.hot() as hot:
            name = rooms.remove_outlived(hot, room_id, before_us)
            if name is not None:
                audit.append(hot, rt.now_us(), None, "room_deleted", room_id, name=name, after_days=days)
    return len(found)
