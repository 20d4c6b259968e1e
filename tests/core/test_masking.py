"""The masker: plain and encoded, in JSON, in pieces; and what it leaves alone."""

import base64

import pytest

from engine.core.masking import MASK, Masker

KEY = "s3cret/+&='é\"x"


def masker(*values):
    made = Masker()
    made.add(values or [KEY])
    return made


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user:"])
@pytest.mark.parametrize("after", ["", "!", "!!", ":tail"])
def test_base64_is_masked_wherever_the_secret_begins_in_it(before, after):
    encoded = base64.b64encode(f"{before}{KEY}{after}".encode()).decode()
    core = base64.b64encode(b"\0" * len(before) + KEY.encode()).decode()[len(before) * 2 : -4]

    masked = masker().text(f"Basic {encoded}")

    assert MASK in masked
    assert core not in masked


def test_numbers_and_keys_count_as_text_and_everything_else_stays():
    made = masker("1234567890", "12345.678901")

    assert made.plain({"1234567890": [1234567890, 12345.678901, 1234567891, True, None]}) == {
        MASK: [MASK, MASK, 1234567891, True, None]
    }
    assert made.loads(b'{"a":1234567890,"b":1.5}') == {"a": MASK, "b": 1.5}


def test_the_longer_secret_is_masked_as_a_whole():
    assert masker("prefix-1", "prefix-1-and-more").text("a prefix-1-and-more b prefix-1") == "a *** b ***"


def test_short_values_are_left_alone_for_they_are_everywhere():
    assert masker("short", "       a       ").text("a short text") == "a short text"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_a_secret_that_comes_in_pieces_is_never_shown_in_part(size):
    text = f"before {KEY} between {KEY[:6]} nothing {KEY}"
    streaming = masker().streaming()
    shown = []
    for at in range(0, len(text), size):
        shown.append(streaming.feed(text[at : at + size]))
        assert KEY[:6] not in "".join(shown) or "between" in "".join(shown)
    shown.append(streaming.end())

    assert "".join(shown) == f"before {MASK} between {KEY[:6]} nothing {MASK}"


def test_text_without_secrets_is_not_held_back():
    streaming = masker("zzzzzzzz9").streaming()

    assert streaming.feed("Hello, ") == "Hello, "
    assert streaming.feed("wor") + streaming.feed("ld") == "world"
