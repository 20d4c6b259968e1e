"""Signed addresses: only this installation makes them, and they end."""

import pytest

from engine.core import signal_links
from engine.core.signal_links import BadLink, Link, LinkExpired

KEY = b"a key"
LINK = Link("0192-run", "answer", 1_000)


def token_of(link: Link, key: bytes = KEY) -> str:
    return signal_links.path_of(key, link).removeprefix(signal_links.FOLDER)


def test_an_address_says_what_it_was_made_for_until_it_expires() -> None:
    assert signal_links.read(KEY, token_of(LINK), 999) == LINK
    with pytest.raises(LinkExpired):
        signal_links.read(KEY, token_of(LINK), 1_000)


def test_nobody_else_makes_one() -> None:
    token = token_of(LINK)
    changed = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(len(token) - 1)]

    for forged in ["", "x", "é", "a" * 5_000, token_of(LINK, b"another"), token[:-4], *changed]:
        with pytest.raises(BadLink):
            signal_links.read(KEY, forged, 0)
