"""What goes wrong between us and a model's server: one code for each kind, and whether another try may help."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.core.catalogue import StepError

WORDS_SHOWN = 300
"""Characters of the server's own words that a message repeats."""

WORTH_A_RETRY = frozenset(
    ("provider_rate_limited", "provider_unavailable", "provider_timeout", "provider_cut", "bad_reply")
)

_SAID = {
    "provider_auth": "{server} does not accept the API key. Check {setting}.",
    "unknown_model": "{server} does not know what was asked for: {words}",
    "provider_quota": "{server} says that the account has nothing left: {words}",
    "provider_rate_limited": "{server} wants fewer requests: {words}",
    "provider_unavailable": "{server} can't be reached or failed: {words}",
    "provider_timeout": "{server} was silent for too long: {words}",
    "provider_cut": "{server} broke off in the middle of its answer: {words}",
    "context_overflow": "The conversation is too long for the model: {words}",
    "content_filter": "{server} held the answer back by its content filter: {words}",
    "output_truncated": "The answer was cut off: {words} Raise max_tokens or ask for less.",
    "refused": "The model refused to answer: {words}",
    "bad_reply": "{server} sent something that is no chat answer: {words}",
    "provider_refused": "{server} refused the request: {words}",
}

_BY_STATUS = {
    401: "provider_auth",
    402: "provider_quota",
    403: "provider_auth",
    404: "unknown_model",
    408: "provider_timeout",
    413: "context_overflow",
    429: "provider_rate_limited",
    504: "provider_timeout",
}

_BY_KIND = {
    "insufficient_quota": "provider_quota",
    "billing_error": "provider_quota",
    "context_length_exceeded": "context_overflow",
    "content_filter": "content_filter",
    "rate_limit_error": "provider_rate_limited",
    "rate_limit_exceeded": "provider_rate_limited",
    "overloaded_error": "provider_unavailable",
    "api_error": "provider_unavailable",
    "server_error": "provider_unavailable",
    "authentication_error": "provider_auth",
    "permission_error": "provider_auth",
    "timeout_error": "provider_timeout",
}
"""By the names that vendors give to errors, which say more than the status."""

_BY_WORDS = {
    "credit balance": "provider_quota",
    "context length": "context_overflow",
    "context window": "context_overflow",
    "context limit": "context_overflow",
    "context size": "context_overflow",
    "prompt is too long": "context_overflow",
}
"""Where vendors have no name for it."""


_ABOUT_STREAMS = re.compile(r"\bstream(s|ed|ing)?\b", re.IGNORECASE)


def refuses_to_stream(status: int, kind: str, words: str) -> bool:
    """Whether a refusal may mean that the server answers, but not in a stream; `kind` is its name for the error."""
    is_told = status in (400, 404, 405, 415, 422) and _ABOUT_STREAMS.search(words) is not None
    return status == 501 or is_told or (status == 404 and not kind)


@dataclass(frozen=True, slots=True)
class Server:
    """Who was asked: speaks of its failures to people, and never of the key."""

    url: str
    key: str
    setting: str
    """The setting that holds the key."""

    def error(self, code: str, words: str, *, retry_after_s: float | None = None) -> StepError:
        """The failure that `code` names, in a sentence of ours around the server's words."""
        shown = words.replace(self.key, "***") if self.key else words
        message = _SAID[code].format(
            server=f"The server at {self.url}", setting=self.setting, words=shown[:WORDS_SHOWN]
        )
        return StepError(message, code=code, retryable=code in WORTH_A_RETRY, retry_after_s=retry_after_s)

    def refusal(
        self, status: int | None, kind: str, words: str, *, retry_after_s: float | None = None
    ) -> StepError:
        """The failure that an answer with an error in it means; `status` is None in the middle of a stream."""
        code = _BY_KIND.get(kind) or _by_words(status, words) or _by_status(status)
        return self.error(code, words, retry_after_s=retry_after_s)


def _by_words(status: int | None, words: str) -> str | None:
    if status is not None and status not in (
        400,
        422,
        500,
    ):  # llama.cpp and others answer 500 to a long prompt
        return None
    known = words.lower()
    return next((code for part, code in _BY_WORDS.items() if part in known), None)


def _by_status(status: int | None) -> str:
    if status is None or status >= 500:
        return _BY_STATUS.get(status or 500, "provider_unavailable")
    return _BY_STATUS.get(status, "provider_refused")
