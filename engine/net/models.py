"""Asks a model server which models it has: one short call, without the vendor's SDK, which takes seconds to import."""

from __future__ import annotations

import orjson

from engine.net import Call, Unreachable, fetch
from engine.net.sdk import Access

DEADLINE_S = 2.0


async def model_ids(access: Access, path: str, *headers: tuple[str, str]) -> tuple[str, ...]:
    """The models by name, as OpenAI and Anthropic both list them: `{"data": [{"id": …}]}`.

    Raises:
        StepError: the server can't be asked, refuses, or answers something else.
    """
    answer = await fetch(
        access.guard(), Call("GET", access.url + path, headers=tuple(headers)), deadline_s=DEADLINE_S
    )
    try:
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        return tuple(str(model["id"]) for model in orjson.loads(answer.body)["data"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unreachable(f"The server at {access.url} does not list its models: {error}.") from None
