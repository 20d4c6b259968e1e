"""What commands read from their arguments and say on their way out."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import click


def json_of(option: str, text: str) -> Any:
    """The JSON in an option, or in the file that it names as @file."""
    from engine.core.parsing import MalformedJson, TooLarge, parse_json

    try:
        return parse_json(Path(text[1:]).read_bytes() if text.startswith("@") else text)
    except OSError as error:
        raise click.BadParameter(f"{text[1:]}: {error.strerror}", param_hint=option) from None
    except (MalformedJson, TooLarge) as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def named_json(option: str, text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise click.BadParameter(f"{text!r} is not NAME=JSON", param_hint=option)
    return name, json_of(option, value)


def teller(as_json: bool) -> Callable[[dict[str, Any]], None]:
    """Prints an event: a JSON line, or a line for people if it is worth one."""

    def tell(event: dict[str, Any]) -> None:
        if as_json:
            say(event)
        elif event["level"] != "DEBUG":
            branch = f" [{event['branch']}]" if event["branch"] else ""
            click.echo(f"{event['at'][11:23]} {event['level']:<7} {event['message']}{branch}")

    return tell


def tell_end(status: str, output: Any, error: dict[str, Any] | None) -> None:
    click.echo(f"\n{status}" + (f": {error['message']}" if error else ""))
    if output is not None:
        click.echo(json.dumps(output, ensure_ascii=False, indent=2))


def say(value: Any) -> None:
    """A JSON line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def table(rows: Iterable[tuple[Any, ...]]) -> None:
    """Columns, each as wide as its widest cell."""
    texts = [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def format_of(file: Path) -> Literal["json", "yaml"]:
    return "yaml" if file.suffix in (".yaml", ".yml") else "json"
