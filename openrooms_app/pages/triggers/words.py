"""What the pages call the choices of a schedule, a webhook and a subscription."""

from typing import Final

from engine.core.events import EventType
from engine.core.subscription import NOT_TOLD

PRESETS: Final = {
    "*/15 * * * *": "Every 15 minutes",
    "0 * * * *": "Every hour",
    "0 9 * * *": "Every day at 9:00",
    "0 9 * * MON-FRI": "Weekdays at 9:00",
    "0 9 * * MON": "Mondays at 9:00",
    "0 0 1 * *": "The first of each month",
}
OVERLAPS: Final = {
    "skip": "Leave that time out",
    "queue": "Stand in line until the room is free",
    "cancel_running": "Cancel what runs and take its place",
}
CATCH_UPS: Final = {
    "skip": "Leave them out",
    "one": "Run once for all of them",
    "all": "Run once for each, the last 100",
}
OUTCOMES: Final = {"started": "Started", "queued": "In line", "skipped": "Left out"}
SIGNINGS: Final = {
    "none": "The address is the secret",
    "openrooms": "Signed as OpenRooms signs",
    "github": "Signed as GitHub signs",
}
NOTICES: Final = {"PENDING": "To be told", "HELD": "Held", "DELIVERED": "Delivered", "DEAD": "Given up"}
GROUPS: Final = {
    "ROOM": "Runs",
    "WAIT": "Waiting",
    "SIGNAL": "Waiting",
    "NODE": "Steps",
    "TRANSITION": "Steps",
    "BRANCH": "Steps",
    "TOOL": "Tools and agents",
    "AGENT": "Tools and agents",
}
OTHER: Final = "Everything else"


def choices(words: dict[str, str]) -> list[tuple[str, str]]:
    return list(words.items())


def told_events() -> list[dict[str, str]]:
    """The events that a subscription can hear, group by group: {value, text, group}."""
    found = [
        {"value": each.value, "text": spoken(each), "group": GROUPS.get(each.partition("_")[0], OTHER)}
        for each in EventType
        if each not in NOT_TOLD
    ]
    order = [*dict.fromkeys(GROUPS.values()), OTHER]
    return sorted(found, key=lambda event: order.index(event["group"]))


def spoken(event_type: str) -> str:
    """ROOM_COMPLETED as "Run completed": what it tells is the run's."""
    return event_type.replace("ROOM_", "RUN_", 1).replace("_", " ").capitalize()
