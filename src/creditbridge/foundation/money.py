"""Money: a `Decimal` in CNY (元), never a float."""

import re
from decimal import Decimal

from creditbridge.foundation.errors import Malformed

AMOUNT_CHARACTERS_MAX = 24
YUAN_PER_WAN = Decimal(10_000)
_AMOUNT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


class AmountMalformed(Malformed):
    """A text is no decimal amount."""

    code = "amount-malformed"
    message = "An amount must be a decimal number without separators, such as 1200.50."


def parse_amount(text: str) -> Decimal:
    """Return an amount from its decimal text, such as `1200.50`.

    Raises:
        AmountMalformed: separators, an exponent, a leading zero, or over 24 characters.
    """
    # Bounded before it is a number: arithmetic on a million digits would take minutes.
    if len(text) > AMOUNT_CHARACTERS_MAX or _AMOUNT.fullmatch(text) is None:
        raise AmountMalformed
    return Decimal(text)


def yuan_from_wan(amount: Decimal) -> Decimal:
    """Return 元 from 万元, without rounding."""
    # Exact: the product of 24 characters stays within the 28 digits of the decimal context.
    return amount * YUAN_PER_WAN
