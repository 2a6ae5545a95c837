"""A month of a year: what a feed means by `202011`. No day is ever invented for it."""

import msgspec

from creditbridge.profile.dates import MONTHS_PER_YEAR


class YearMonth(msgspec.Struct, frozen=True, order=True):
    """A month; `month` is 1 to 12. Ordered as the months follow each other."""

    year: int
    month: int


def months_before(month: YearMonth, count: int) -> YearMonth:
    """Return the month that lies a number of months back."""
    year, index = divmod(month.year * MONTHS_PER_YEAR + month.month - 1 - count, MONTHS_PER_YEAR)
    return YearMonth(year=year, month=index + 1)
