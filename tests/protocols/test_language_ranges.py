"""Which language a reader takes."""

import pytest

from creditbridge.protocols.language_ranges import choose_language, list_ranges

OFFERED = ("zh-CN", "en")


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("", ()),
        ("en", ("en",)),
        ("en-US,en;q=0.9,zh-CN;q=0.8", ("en-US", "en", "zh-CN")),
        ("zh-CN;q=0.2, en ; q=0.7", ("en", "zh-CN")),
        ("fr, en;q=0.5, *;q=0.1", ("fr", "en", "*")),
        ("en;q=0, zh;q=1.000", ("zh",)),
        ("en;q=2, <script>, zh", ("zh",)),
        ("de," * 16 + "en", ("de",) * 16),
    ],
)
def test_ranges_are_read_by_weight_and_then_in_their_order(
    header: str, tags: tuple[str, ...]
) -> None:
    """Excluded and unreadable ones are passed over, and so is whatever follows the sixteenth."""
    assert list_ranges(header) == tags


@pytest.mark.parametrize(
    ("wishes", "chosen"),
    [
        ((), None),
        (("fr", "de"), None),
        (("*",), None),
        (("en-GB",), "en"),
        (("EN",), "en"),
        (("zh",), "zh-CN"),
        (("zh-Hans-CN",), "zh-CN"),
        (("zh-TW",), "zh-CN"),
        (("fr", "en-US", "zh"), "en"),
    ],
)
def test_the_first_wish_that_is_offered_decides(
    wishes: tuple[str, ...], chosen: str | None
) -> None:
    """A longer tag finds the shorter one that is offered, by its primary language at last."""
    assert choose_language(wishes, OFFERED) == chosen
