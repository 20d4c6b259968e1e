"""Call an HTTP address through the guarded way out: public addresses, and what the operator has opened besides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlencode

import orjson
from pydantic import Field, JsonValue, StringConstraints, model_validator

from engine.core.catalogue import Effect, Finding, StepContext, StepError, tool
from engine.core.document import Frozen
from engine.core.expressions import gives_host
from engine.net import OURS, Answer, Call, Guard, Refused, fetch

TEXT_CHARS = 500_000
"""Of a text that is kept; the rest is cut off and said so."""
EXCERPT = 300
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
AGAIN = frozenset({408, 425, 429})
"""Besides 5xx: another attempt may end better."""
SHOWN = re.compile(
    r"content-(type|length|language)|date|etag|last-modified|location|link|retry-after|cache-control|expires"
    r"|x-request-id|x-total-count|(x-)?ratelimit(-[a-z]+)*"
)
"""Headers of an answer that a step sees; cookies and the rest are the connection's."""
TEXTUAL = re.compile(
    r"text/.*|application/(.*\+)?(xml|javascript|yaml|x-www-form-urlencoded|graphql)|image/svg\+xml"
)

OPEN_HOST = (
    "A slot can't give scheme, host or port: begin with https://, a host and a /. "
    "An operator may name hosts for it in OPENROOMS_HTTP_ALLOW. (rule open_host)"
)

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_|~-]{1,100}$")]
HeaderValue = Annotated[str, StringConstraints(max_length=16_384, pattern=r"^[\x20-\x7e\t]*$")]
Scalar = str | int | float | bool


class Params(Frozen):
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = Field(
        "GET", description="what to do at the address"
    )
    url: str = Field(
        min_length=1,
        max_length=8192,
        description="http or https address; what a template fills in is encoded for its place",
        json_schema_extra={"template": True, "url": True},
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        {},
        max_length=50,
        description="headers to send; {{ secrets.name }} may stand here",
        json_schema_extra={"secret": True},
    )
    query: dict[str, Scalar | tuple[Scalar, ...]] = Field(
        {}, max_length=100, description="parameters to add to the address; a list repeats its name"
    )
    json_body: JsonValue = Field(
        None,
        description="a body sent as JSON; {{ secrets.name }} may stand here",
        json_schema_extra={"secret": True},
    )
    form_body: dict[str, Scalar] | None = Field(
        None,
        max_length=100,
        description="a body sent as a web form; {{ secrets.name }} may stand here",
        json_schema_extra={"secret": True},
    )
    text_body: str | None = Field(
        None,
        max_length=1_000_000,
        description="a body sent as it is; {{ secrets.name }} may stand here",
        json_schema_extra={"secret": True, "template": True},
    )
    expect: Literal["auto", "json", "text", "nothing"] = Field(
        "auto", description="how the answer's body is read; auto goes by its Content-Type"
    )
    fail_on_status: bool = Field(True, description="whether a status of 400 or more fails the step")

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        bodies = [name for name in ("json_body", "form_body", "text_body") if getattr(self, name) is not None]
        if len(bodies) > 1:
            raise ValueError(f"{' and '.join(bodies)} can't both be sent; give one body")
        if bodies and self.method in ("GET", "HEAD"):
            raise ValueError(f"{self.method} takes no body; remove {bodies[0]} or choose POST")
        if ours := sorted(name for name in self.headers if name.lower() in OURS):
            raise ValueError(f"the header {ours[0]!r} is set by the connection itself; leave it out")
        return self


RETURNS = {
    "type": "object",
    "properties": {
        "status": {"type": "integer"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": {"description": "parsed JSON, a text, or null where there is neither"},
        "is_truncated": {
            "type": "boolean",
            "description": f"whether a text was cut off at {TEXT_CHARS} characters",
        },
    },
    "required": ["status", "headers", "body", "is_truncated"],
    "additionalProperties": False,
}


def _vet(arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[Finding]:
    """What can be said of the address before it is called; a host that a slot gives takes an operator's list of hosts."""
    url = arguments.get("url")
    if not isinstance(url, str):
        return
    if gives_host(url):
        if not settings.get("http_allow"):
            yield ("url",), OPEN_HOST
        return
    try:
        Guard.of(str(settings.get("http_allow") or "")).vet_url(url.partition("{{")[0])
    except Refused as refused:
        yield ("url",), str(refused)


@tool(
    Params,
    title="HTTP request",
    category="web",
    effect=Effect.EXTERNAL,
    returns=RETURNS,
    timeout_s=35,
    vet=_vet,
    examples=(
        {"arguments": {"url": "https://api.example.com/orders", "query": {"status": "open"}}},
        {
            "title": "send JSON with a key from the secrets",
            "arguments": {
                "method": "POST",
                "url": "https://api.example.com/orders",
                "headers": {"Authorization": "Bearer {{ secrets.shop_key }}"},
                "json_body": {"item": 7},
            },
        },
    ),
)
async def http_request(params: Params, ctx: StepContext) -> Any:
    """Call an HTTP address and take its answer; internal addresses are out of reach unless the operator opens them."""
    guard = Guard.of(str(ctx.settings.get("http_allow") or ""))
    if "url" in ctx.open_urls:
        guard = guard.closed()
    answer = await fetch(guard, _call(params, ctx.idempotency_key))
    if params.fail_on_status and answer.status >= 400:
        raise StepError(
            f"The server answered {answer.status}: {_text(answer)[:EXCERPT]}",
            code=f"http_{answer.status}",
            retryable=answer.status >= 500 or answer.status in AGAIN,
        )
    body, is_truncated = _read(answer, params.expect)
    headers = {name: value for name, value in answer.headers if SHOWN.fullmatch(name)}
    return {"status": answer.status, "headers": headers, "body": body, "is_truncated": is_truncated}


def _call(params: Params, idempotency_key: str) -> Call:
    headers = dict(params.headers)
    given = {name.lower() for name in headers}
    body, media_type = _body(params)
    if body and "content-type" not in given:
        headers["Content-Type"] = media_type
    if params.method in UNSAFE and "idempotency-key" not in given:
        headers["Idempotency-Key"] = idempotency_key
    return Call(params.method, _with_query(params), tuple(headers.items()), body)


def _body(params: Params) -> tuple[bytes, str]:
    if params.json_body is not None:
        return orjson.dumps(params.json_body), "application/json"
    if params.form_body is not None:
        fields = {name: _plain(value) for name, value in params.form_body.items()}
        return urlencode(fields).encode(), "application/x-www-form-urlencoded"
    return (params.text_body or "").encode(), "text/plain; charset=utf-8"


def _with_query(params: Params) -> str:
    if not params.query:
        return params.url
    url = params.url.partition("#")[0]
    fields = {
        name: [_plain(item) for item in value] if isinstance(value, tuple) else _plain(value)
        for name, value in params.query.items()
    }
    return f"{url}{'&' if '?' in url else '?'}{urlencode(fields, doseq=True)}"


def _plain(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(answer: Answer, expect: str) -> tuple[Any, bool]:
    """The body, and whether a part of it is missing."""
    media_type = _media_type(answer)
    is_json = media_type == "application/json" or media_type.endswith("+json")
    if expect == "nothing" or not answer.body:
        return None, False
    if expect == "json" or (expect == "auto" and is_json):
        try:
            return orjson.loads(answer.body), False
        except orjson.JSONDecodeError as error:
            raise StepError(
                f"The answer is no JSON: {error}.", code="http_bad_body", retryable=False
            ) from None
    if expect == "auto" and media_type and not TEXTUAL.fullmatch(media_type):
        return None, False
    text = _text(answer)
    return text[:TEXT_CHARS], len(text) > TEXT_CHARS


def _media_type(answer: Answer) -> str:
    return dict(answer.headers).get("content-type", "").partition(";")[0].strip().lower()


def _text(answer: Answer) -> str:
    declared = re.search(r"charset=\"?([\w-]+)", dict(answer.headers).get("content-type", ""))
    try:
        return answer.body.decode(declared[1] if declared else "utf-8", errors="replace")
    except LookupError:
        return answer.body.decode(errors="replace")
