"""What goes wrong between a program and its server; each has a stable `code`, the server's own where it answered."""

from typing import Any


class ClientError(Exception):
    """The base of all; `code` is what programs test."""

    code = "client_error"


class ApiError(ClientError):
    """The server refused: `status`, `code` and `detail` are its own, `extra` holds the further fields."""

    def __init__(self, status: int, told: dict[str, Any]) -> None:
        self.status = status
        self.code = str(told.get("code", "bad_answer"))
        self.detail = str(told.get("detail", "The server gave no reason."))
        self.problems: list[dict[str, Any]] = told.get("problems") or []
        self.extra = told
        super().__init__(f"{self.code}: {self.detail}")

    @property
    def retry_after_s(self) -> int | None:
        """Seconds after which the same may be tried again, where the server said so."""
        return self.extra.get("retry_after_s")


class Unreachable(ClientError):
    code = "unreachable"

    def __init__(self, server: str, reason: object) -> None:
        super().__init__(
            f"{server} can't be reached: {reason}. Is `openrooms up` running, and the address right?"
        )


class TimedOut(ClientError):
    code = "timed_out"

    def __init__(self, run_id: str, timeout_s: float) -> None:
        super().__init__(
            f"The run {run_id} was not over after {timeout_s:g} s. It goes on; wait again or cancel it."
        )
