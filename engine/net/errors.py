"""What can go wrong on the way out; a message names the rule, never an address that a name resolved to."""

from engine.core.catalogue import StepError


class Refused(StepError):
    """The guard says no; trying again can't help. `rule` is stable."""

    code = "http_refused"

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{message} (rule {rule})", retryable=False)
        self.rule = rule


class Unreachable(StepError):
    code = "http_unreachable"


class TooLarge(StepError):
    code = "http_too_large"

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"The answer has more than the {most} bytes {what} that are taken.", retryable=False)


class TooSlow(StepError):
    code = "http_timeout"

    def __init__(self, deadline_s: float) -> None:
        super().__init__(f"The call was not over after {deadline_s:g} s.")
