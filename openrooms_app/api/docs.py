"""The API's documentation as one plain page, made from its OpenAPI document: no script, no foreign host."""

from collections.abc import Iterator
from html import escape
from typing import Any, Final

STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; }
h2 { margin-top: 2rem; text-transform: capitalize; }
section { border-top: 1px solid #8884; padding: .6rem 0; }
.method { display: inline-block; font-weight: 600; min-width: 4.5rem; }
table { border-collapse: collapse; margin: .4rem 0; }
td { padding: .1rem 1rem .1rem 0; vertical-align: top; }
p { margin: .3rem 0; }
"""


def page(document: dict[str, Any]) -> str:
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'>",
        f"<title>{escape(document['info']['title'])} API</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(document['info']['title'])} API</h1><p>{escape(document['info'].get('description', ''))}</p>",
        "<p>For programs: <a href='/api/openapi.json'>openapi.json</a> (OpenAPI 3.1).</p>",
    ]
    tag = ""
    for own_tag, method, path, operation in _operations(document):
        if own_tag != tag:
            tag = own_tag
            parts.append(f"<h2>{escape(tag)}</h2>")
        parts.append(_section(method, path, operation))
    return "".join([*parts, "</body></html>"])


def _operations(document: dict[str, Any]) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Sorted by tag, in the order of the document within one."""
    found = [
        ((operation.get("tags") or ["other"])[0], method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    return sorted(found, key=lambda item: item[0])


def _section(method: str, path: str, operation: dict[str, Any]) -> str:
    description = operation.get("description") or operation.get("summary", "")
    return (
        f"<section id='{escape(operation.get('operationId', ''))}'>"
        f"<span class='method'>{method}</span><code>{escape(path)}</code>"
        f"<p>{escape(description)}</p><table>{''.join(_rows(operation))}</table></section>"
    )


def _rows(operation: dict[str, Any]) -> Iterator[str]:
    for scope in operation["security"][0]["key"] if operation.get("security") else ():
        yield _row(scope, "scope of the key", "")
    for item in operation.get("parameters", ()):
        needed = ", needed" if item.get("required") else ""
        yield _row(item["name"], f"{item['in']}{needed}", item.get("description", ""))
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        yield _row("body", kind, name)
    for status, answer in operation.get("responses", {}).items():
        yield _row(status, "answer", answer.get("description", ""))


def _row(name: str, kind: str, text: str) -> str:
    return f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td><td>{escape(text)}</td></tr>"
