"""What is tried four times a second complains once a minute."""

import logging

from engine.unrepeated import AGAIN_S, Unrepeated


def test_the_same_words_pass_once_a_minute() -> None:
    unrepeated = Unrepeated()

    def passes(said: str, at_s: float) -> bool:
        record = logging.makeLogRecord({"msg": "sweep: %s", "args": (said,), "created": at_s})
        return unrepeated.filter(record)

    assert [passes("full", 100.0), passes("full", 100.25), passes("away", 100.5), passes("full", 101.0)] == [
        True,
        False,
        True,
        True,
    ]
    assert not passes("full", 100.0 + AGAIN_S)
    assert passes("full", 101.0 + AGAIN_S)
