"""What comes from the wire is what it should be, or is refused with a sentence."""

from typing import Any

import pytest

from engine.core.errors import InvalidInput
from openrooms_app.arguments import MAX_TEXT, an_id, is_ticked, text_in


@pytest.mark.parametrize("sent", [None, 7, "", "x" * 65, {"$gt": ""}, ["a"], "a\nb"])
def test_what_is_no_id_is_refused(sent: Any) -> None:
    with pytest.raises(InvalidInput, match="not the id"):
        an_id(sent)


def test_an_id_is_given_back() -> None:
    assert an_id("01a206b4-5569-73cf-915b-b3f76ee41054") == "01a206b4-5569-73cf-915b-b3f76ee41054"


@pytest.mark.parametrize("form", [None, [], {}, {"name": 3}, {"name": ["x"]}])
def test_a_field_that_is_not_there_is_empty(form: Any) -> None:
    assert text_in(form, "name") == ""


def test_a_text_of_megabytes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="characters"):
        text_in({"name": "x" * (MAX_TEXT + 1)}, "name")


def test_a_tick_is_what_browsers_send_for_it() -> None:
    assert is_ticked({"queue": "on"}, "queue")
    assert not is_ticked({}, "queue")
    assert not is_ticked({"queue": "off"}, "queue")
