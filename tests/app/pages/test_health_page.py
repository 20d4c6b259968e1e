"""What the health page makes of the engine's sentences."""

from openrooms_app.pages.settings.health import pieces


def test_what_is_to_be_typed_is_shown_as_code_without_its_backticks():
    told = pieces("None is alive: start `openrooms up` or `openrooms worker`.")

    assert [piece["text"] for piece in told if piece["is_code"]] == ["openrooms up", "openrooms worker"]
    assert (
        "".join(piece["text"] for piece in told) == "None is alive: start openrooms up or openrooms worker."
    )
