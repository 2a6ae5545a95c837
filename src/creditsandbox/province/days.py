"""Days as the law counts them: working days, and months of the calendar."""

from calendar import monthrange
from datetime import date, timedelta

import msgspec

from creditsandbox.province.tables import read_table

SATURDAY = 5
DAY = timedelta(days=1)


class WorkYear(msgspec.Struct, frozen=True, kw_only=True):
    """A year's holidays, as first day and number of days, and its weekend days that are worked."""

    year: int
    off: tuple[tuple[date, int], ...]
    worked: tuple[date, ...]


class WorkYears(msgspec.Struct, frozen=True, kw_only=True):
    """The years whose holidays are announced."""

    years: tuple[WorkYear, ...]


_YEARS = read_table("workdays.json", WorkYears).years
_OFF = frozenset(
    first + DAY * number for row in _YEARS for first, days in row.off for number in range(days)
)
_WORKED = frozenset(day for row in _YEARS for day in row.worked)


def is_worked(day: date) -> bool:
    """Tell whether a day is a working day."""
    if day in _OFF or day in _WORKED:
        return day in _WORKED
    return day.weekday() < SATURDAY


def add_working_days(day: date, count: int) -> date:
    """Return the last of so many working days that follow a day."""
    while count:
        day += DAY
        count -= is_worked(day)
    return day


def add_months(day: date, count: int) -> date:
    """Return the same day of a later month, or that month's last day where it has none such."""
    months = day.year * 12 + day.month - 1 + count
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
