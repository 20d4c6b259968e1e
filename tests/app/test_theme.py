"""Every text colour can be read on every surface, dark and light (WCAG 2.2 AA)."""

import pytest

from openrooms_app.theme import COLORS, STATES, color, stylesheet, tint

SURFACES = ("bg", "panel", "raised", "hover")
TEXTS = ("ink", "mute", "accent-ink", *sorted(set(STATES.values())))


def luminance(value: str) -> float:
    channels = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def over(top: str, bottom: str, share: float) -> str:
    mixed = [
        round(int(top[i : i + 2], 16) * share + int(bottom[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in mixed)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("text", TEXTS)
def test_text_stands_out_from_the_surface(text: str, surface: str, mode: int) -> None:
    assert contrast(COLORS[text][mode], COLORS[surface][mode]) >= 4.5


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("state", sorted(set(STATES.values())))
def test_a_badge_can_be_read_on_its_own_tint(state: str, mode: int) -> None:
    tinted = over(COLORS[state][mode], COLORS["panel"][mode], 0.13)

    assert tint(state) == f"color-mix(in srgb, {color(state)} 13%, {color('panel')})"
    assert contrast(COLORS[state][mode], tinted) >= 4.5


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_buttons_and_the_edges_of_inputs_stand_out(mode: int) -> None:
    assert contrast(COLORS["on-accent"][mode], COLORS["accent"][mode]) >= 4.5
    assert contrast(COLORS["line-strong"][mode], COLORS["panel"][mode]) >= 3
    assert contrast(COLORS["line-strong"][mode], COLORS["bg"][mode]) >= 3


def test_an_unknown_colour_is_an_error_at_once() -> None:
    with pytest.raises(KeyError):
        color("purple")


def test_the_stylesheet_holds_every_colour_light_and_dark() -> None:
    css = stylesheet()

    assert all(f"--or-{name}:{value};" in css for name, pair in COLORS.items() for value in pair)
