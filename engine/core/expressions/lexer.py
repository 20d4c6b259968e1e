"""Text into tokens: only ASCII outside texts and comments, and every refusal says where."""

import re
import unicodedata
from typing import Any, NamedTuple

from engine.core.expressions.errors import BadExpression, LimitExceeded
from engine.core.expressions.limits import LIMITS

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
KEYWORDS = {"true": True, "false": False, "null": None}

_TOKEN = re.compile(
    r"""(?P<space> (?: [ \t\r\n]+ | //[^\n]* )+ )
      | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
      | (?P<number> (?: 0[xX][0-9A-Fa-f]+ | (?: [0-9]+ (?:\.[0-9]+)? | \.[0-9]+ ) (?:[eE][+-]?[0-9]+)? )
                    (?P<tail> [A-Za-z0-9_]* ) )
      | (?P<op> && | \|\| | [=!<>]= | [-+*/%!<>?:.,()\[\]{}] )
      | (?P<text> '(?:[^'\\\r\n]|\\.)*' | "(?:[^"\\\r\n]|\\.)*" )""",
    re.VERBOSE,
)
# Controls, halves of surrogate pairs, and the marks that turn the direction of what people see.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|0(?![0-9])|0.|[^u0-9]|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "0": "\0"}
_ADVICE = {
    "=": "Write == to compare.",
    "&": "Write && for 'and'.",
    "|": "Write || for 'or'; there are no filters.",
    "'": "The text is not closed on its line: add the quote, and write \\n for a line break.",
    '"': "The text is not closed on its line: add the quote, and write \\n for a line break.",
}


class Token(NamedTuple):
    kind: str
    """`name`, `literal`, `end`, or the operator itself."""
    value: Any
    at: int


def tokens_of(source: str) -> list[Token]:
    """
    Raises:
        BadExpression: a character, number or text that the language does not have.
        LimitExceeded: the source is too long.
    """
    if len(source) > LIMITS.expression_chars:
        detail = f"The expression has {len(source)} characters, the limit is {LIMITS.expression_chars}."
        raise LimitExceeded.within(source, LIMITS.expression_chars, f"{detail} Split it over several steps.")
    if bad := _FORBIDDEN.search(source):
        raise BadExpression.within(source, bad.start(), f"{_named(bad.group())} can't be in an expression.")
    found, at, match_at = [], 0, _TOKEN.match
    while at < len(source):
        match = match_at(source, at)
        if match is None:
            raise BadExpression.within(source, at, _stray(source[at]))
        kind, text = match.lastgroup, match.group()
        if kind == "op":
            found.append(Token(text, text, at))
        elif kind == "name":
            found.append(_word(source, text, at))
        elif kind == "number":
            found.append(Token("literal", _number(source, match, at), at))
        elif kind == "text":
            found.append(Token("literal", _unescaped(source, text, at), at))
        at = match.end()
    found.append(Token("end", "", at))
    return found


def _word(source: str, text: str, at: int) -> Token:
    if text in KEYWORDS:
        return Token("literal", KEYWORDS[text], at)
    if text == "in":
        return Token("in", text, at)
    if text.startswith("__"):
        raise BadExpression.within(source, at, f"Names that start with __ are not data: {text[:40]!r}.")
    return Token("name", text, at)


def _number(source: str, match: re.Match[str], at: int) -> int | float:
    text = match.group()
    if match["tail"] or (len(text) > 1 and text[0] == "0" and text[1].isdigit()):
        raise BadExpression.within(source, at, f"{text[:40]!r} is not a number.")
    if text[:2] in ("0x", "0X"):
        return _whole(source, int(text, 16), at)
    if text.isdigit():
        # More than 19 digits can't fit; Python would convert thousands of them in quadratic time.
        return _whole(source, int(text) if len(text) < 20 else INT_MAX + 2, at)
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BadExpression.within(source, at, f"{text[:40]!r} is larger than a double can hold.")
    return value


def _whole(source: str, value: int, at: int) -> int:
    # One more than the largest is let through for the parser, which knows whether a minus stands before.
    if value > INT_MAX + 1:
        raise BadExpression.within(source, at, "This whole number does not fit into 64 bits.")
    return value


def _unescaped(source: str, text: str, at: int) -> str:
    if "\\" not in text:
        return text[1:-1]

    def replacement(match: re.Match[str]) -> str:
        escape = match.group(1)
        if escape in _ESCAPES:
            return _ESCAPES[escape]
        code = int(escape[1:], 16) if len(escape) == 5 else 0xD800
        if 0xD800 <= code <= 0xDFFF:
            known = "\\n \\t \\r \\\\ \\\" \\' \\0 \\uXXXX (a whole character)"
            detail = f"Unknown escape '\\{escape}' in a text. Known: {known}."
            raise BadExpression.within(source, at + match.start(), detail)
        return chr(code)

    return _ESCAPE.sub(replacement, text)[1:-1]


def _stray(char: str) -> str:
    if char in _ADVICE:
        return f"Unexpected {char!r}. {_ADVICE[char]}"
    if char.isascii():
        return f"Unexpected {char!r}."
    return f"{_named(char)} can only be in a text: outside quotes the language is ASCII."


def _named(char: str) -> str:
    return f"The character U+{ord(char):04X} ({unicodedata.name(char, 'unnamed').lower()})"
