"""Tests of amounts."""

from decimal import Decimal

import pytest

from creditbridge.foundation.money import AmountMalformed, parse_amount, yuan_from_wan


@pytest.mark.parametrize("text", ["0", "1200.50", "-3", "0.01", "123456789012345678901.23"])
def test_a_decimal_text_is_an_amount(text: str) -> None:
    """Digit for digit."""
    assert parse_amount(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,200",
        "1e3",
        "01",
        ".5",
        "5.",
        "+1",
        " 1",
        "1 ",
        "NaN",
        "Infinity",
        "--1",
        "\uff11",
        "1" * 25,
    ],
)
def test_anything_else_is_not(text: str) -> None:
    """Separators, exponents, leading zeros, other digits, endless ones."""
    with pytest.raises(AmountMalformed):
        parse_amount(text)


def test_wan_becomes_yuan_without_rounding() -> None:
    """1 万元 is 10,000 元."""
    assert yuan_from_wan(Decimal("1.23456")) == Decimal("12345.60000")
