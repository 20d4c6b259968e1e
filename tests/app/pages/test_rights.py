"""What comes from the wire may be anything: pages answer in words. Who may send what is in test_handlers.py."""

from typing import Any

import pytest

from tests.app import wire
from tests.app.conftest import AsUser

PAGES = "reflex___state____state.openrooms_app___pages___"
WORKFLOWS = f"{PAGES}workflows___state____workflows_page"


@pytest.mark.parametrize("workflow_id", [None, {"a": 1}, "", "x" * 100])
def test_an_argument_of_the_wrong_kind_gets_a_sentence_back(
    app_url: str, as_user: AsUser, workflow_id: Any
) -> None:
    cookie = as_user("Ed").cookies["openrooms_session"]

    deltas = wire.send(app_url, cookie, (f"{WORKFLOWS}.duplicate", {"workflow_id": workflow_id}))

    assert "not the id of anything here" in wire.session_vars(deltas)["notice"]["text"]
