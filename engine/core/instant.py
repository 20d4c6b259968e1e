"""A moment inside a value: microseconds since 1970 UTC in Python, RFC 3339 with microseconds in JSON."""

from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema

from engine.core.times import rfc3339

Instant = Annotated[
    int,
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
