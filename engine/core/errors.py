"""Every error the engine raises on purpose; each has a stable code and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class OpenRoomsError(Exception):
    """The base: catch this at an edge, never in the middle.

    `code` is stable and is what programs test; `extra` holds further fields for the API's answer.
    """

    code = "error"

    @property
    def extra(self) -> dict[str, Any]:
        return {}


class NotFound(OpenRoomsError):
    code = "not_found"

    def __init__(self, kind: str, id_: object) -> None:
        super().__init__(f"There is no {kind} {str(id_)!r}, or it is not yours to see.")


def there(found: T | None, kind: str, id_: object) -> T:
    """What was found.

    Raises:
        NotFound: it was not.
    """
    if found is None:
        raise NotFound(kind, id_)
    return found


class UnknownName(OpenRoomsError):
    code = "unknown_name"

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        choices = ", ".join(sorted(known)) or "none registered"
        super().__init__(f"Unknown {kind} {name!r}. Known: {choices}.")


class InvalidInput(OpenRoomsError):
    """What was sent has the wrong shape or value."""

    code = "invalid_input"


class IllegalTransition(OpenRoomsError):
    """A run or room can't go from its status to the one asked for."""

    code = "illegal_transition"

    def __init__(self, what: str, now: str, wanted: str, allowed: Iterable[str]) -> None:
        choices = ", ".join(sorted(allowed)) or "nothing, it is over"
        super().__init__(f"{what} is {now}: it can't become {wanted}, only {choices}.")


class StepError(OpenRoomsError):
    """A step's failure, raised by node types, tools and providers.

    `retryable` says whether a second attempt could end better, `retry_after_s` how long it has to wait at least.
    """

    code = "step_failed"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retryable: bool = True,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.retryable = retryable
        self.retry_after_s = retry_after_s

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> StepError:
        """The failure that `step_call.told` has told."""
        return StepError(
            plain["message"],
            code=plain["code"],
            retryable=plain.get("retryable", True),
            retry_after_s=plain.get("retry_after_s"),
        )
