"""What breaks in a browser is on the server's record, and what is no fault is not."""

import logging

import pytest

from openrooms_app.openrooms_app import app


def test_what_breaks_in_a_browser_is_logged_but_not_that_it_measured_a_frame_late(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        app.frontend_exception_handler(
            Exception("ResizeObserver loop completed with undelivered notifications.")
        )
        app.frontend_exception_handler(Exception("x is not a function"))

    assert [record.getMessage() for record in caplog.records] == [
        "a page broke in a browser: x is not a function"
    ]
