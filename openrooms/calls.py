"""One server, asked over HTTP with a key: answers become values, refusals become errors with the server's code."""

from collections.abc import Callable, Iterator
from typing import Any, Self, TypedDict, TypeVar
from urllib.parse import quote

import httpx

from openrooms.errors import ApiError, Unreachable
from openrooms.values import Page, Value

V = TypeVar("V", bound=Value)
T = TypeVar("T")


class Paged(TypedDict, total=False):
    """What every list takes."""

    limit: int
    cursor: str | None


class Calls:
    """The connection; `with` closes it. Safe to use from several threads."""

    def __init__(self, server: str, key: str, *, timeout_s: float = 30.0) -> None:
        if not key.strip():
            raise ValueError("There is no API key to come with. `openrooms keys create` makes one.")
        self.server = server.rstrip("/")
        self._http = httpx.Client(
            base_url=self.server,
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout_s,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def each(self, list_page: Callable[..., Page[T]], *args: Any, **asked: Any) -> Iterator[T]:
        """All items of a list, page after page, as in `client.each(client.list_runs, status="FAILED")`."""
        while True:
            page = list_page(*args, **asked)
            yield from page.items
            if page.next_cursor is None:
                return
            asked["cursor"] = page.next_cursor

    def request(self, method: str, path: str, is_fine: tuple[int, ...] = (), **sent: Any) -> httpx.Response:
        """Any call, for what has no method here; `params` that are None are left out.

        Raises:
            ApiError: the server refused.
            Unreachable: it did not answer.
        """
        sent["params"] = {name: value for name, value in sent.get("params", {}).items() if value is not None}
        sent["headers"] = {
            name: value for name, value in sent.get("headers", {}).items() if value is not None
        }
        try:
            answer = self._http.request(method, path, **sent)
        except httpx.TransportError as error:
            raise Unreachable(self.server, error or type(error).__name__) from error
        if answer.is_success or answer.status_code in is_fine:
            return answer
        raise refusal(answer)

    def _get(self, kind: type[V], path: str, **params: Any) -> V:
        return kind.model_validate_json(self.request("GET", path, params=params).content)

    def _page(self, kind: type[V], path: str, params: Any) -> Page[V]:
        return Page[kind].model_validate_json(self.request("GET", path, params=params).content)  # type: ignore[valid-type]

    def _plain_page(self, path: str, params: Any) -> Page[dict[str, Any]]:
        return Page[dict[str, Any]].model_validate_json(self.request("GET", path, params=params).content)

    def _send(self, kind: type[V], method: str, path: str, **sent: Any) -> V:
        return kind.model_validate_json(self.request(method, path, **sent).content)


def refusal(answer: httpx.Response) -> ApiError:
    try:
        told = answer.json()
    except ValueError:
        told = {}
    return ApiError(answer.status_code, told if isinstance(told, dict) else {})


def at(*parts: str | int) -> str:
    """The address /api/a/b, whatever is in the names."""
    return "/api/" + "/".join(quote(str(part), safe="") for part in parts)


def once(key: str | None) -> dict[str, str | None]:
    """The header with which a repeat does nothing twice."""
    return {"Idempotency-Key": key}


def revision(number: int | None) -> dict[str, str | None]:
    """The header that lets nothing be overwritten but the draft of this revision."""
    return {"If-Match": None if number is None else f'"{number}"'}
