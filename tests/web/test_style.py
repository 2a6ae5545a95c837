"""The style sheet: readable for everybody (WCAG 2.2, level AA), and of this site alone."""

import re

import pytest

from creditbridge.endpoints.pages import read_static

SHEET = "".join(read_static()[name].body.decode() for name in ("base.css", "portal.css"))
VARIABLE = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
TEXT_ON_GROUND = [
    *(("ink", ground) for ground in ("paper", "sheet")),
    *(("soft", ground) for ground in ("paper", "sheet")),
    *(("pine", ground) for ground in ("paper", "sheet", "pine-wash")),
    ("pine-strong", "pine-wash"),
    ("on-pine", "pine"),
    ("on-pine", "pine-strong"),
    *(("seal", ground) for ground in ("paper", "sheet", "seal-wash")),
    ("sheet", "seal"),
    *(("amber", ground) for ground in ("amber-wash", "sheet", "paper")),
]


def colours(scheme: str) -> dict[str, str]:
    """The variables of the light or the dark scheme."""
    light, dark = SHEET.split("prefers-color-scheme: dark")
    return dict(VARIABLE.findall(light if scheme == "light" else dark))


def luminance(colour: str) -> float:
    """Relative luminance, from 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_texts_stand_out_from_their_ground(scheme: str, text: str, ground: str) -> None:
    """Success criterion 1.4.3: at least 4.5 to 1, by day and by night."""
    palette = colours(scheme)
    low, high = sorted(luminance(palette[name]) for name in (text, ground))

    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_both_schemes_set_every_colour() -> None:
    """A colour that the dark scheme forgot would be dark on dark."""
    assert colours("light").keys() == colours("dark").keys()


def test_the_sheet_loads_nothing() -> None:
    """No import, no address: fonts are those of the system."""
    assert "url(" not in SHEET
    assert "@import" not in SHEET
    assert "@font-face" not in SHEET


def test_what_is_pressed_is_large_enough_for_a_finger() -> None:
    """Success criterion 2.5.8 wants 24 px; buttons have 48, links in the frame 44."""
    assert re.search(r"\.button \{[^}]*min-height: 3rem", SHEET)
    assert re.search(r"\.languages > \* \{[^}]*min-height: 2\.75rem", SHEET)
