"""Server-Sent Events as the server writes them: one `id`, `event` and `data` line each, an empty line after."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple


class Heard(NamedTuple):
    """`kind` is event, status or beat; `id` is where to go on after an event."""

    kind: str
    id: str
    data: Any


def heard(lines: Iterable[str]) -> Iterator[Heard]:
    """Only what came whole: the connection may end in the middle of an event."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        if "data" in fields:
            yield Heard(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))
        fields = {}
