"""Which days are worked in China: weekends, public holidays, and days worked to make up for them.

As the State Council's office announces them, each autumn for the year after: 2025 as in its notice
no. 12 of 12 November 2024 (国办发明电), 2026 as in no. 7 of 4 November 2025. A year that is not in
the table has weekends only; whoever shows a date that rests on it says so.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType

import msgspec

# Raised with each change of the table: what an answer was due by can be reckoned again.
TABLE_VERSION = "2026-1"
SATURDAY = 5
DAY = timedelta(days=1)


class Year(msgspec.Struct, frozen=True, kw_only=True):
    """A year's days off beside weekends, and its weekend days that are worked."""

    off: frozenset[date]
    worked: frozenset[date]


def _span(first: date, days: int) -> Iterator[date]:
    return (first + DAY * number for number in range(days))


def _year(spans: tuple[tuple[date, int], ...], worked: tuple[date, ...]) -> Year:
    off = frozenset(day for first, days in spans for day in _span(first, days))
    return Year(off=off, worked=frozenset(worked))


YEARS: Mapping[int, Year] = MappingProxyType(
    {
        2025: _year(
            (
                (date(2025, 1, 1), 1),
                (date(2025, 1, 28), 8),
                (date(2025, 4, 4), 3),
                (date(2025, 5, 1), 5),
                (date(2025, 5, 31), 3),
                (date(2025, 10, 1), 8),
            ),
            (
                date(2025, 1, 26),
                date(2025, 2, 8),
                date(2025, 4, 27),
                date(2025, 9, 28),
                date(2025, 10, 11),
            ),
        ),
        2026: _year(
            (
                (date(2026, 1, 1), 3),
                (date(2026, 2, 15), 9),
                (date(2026, 4, 4), 3),
                (date(2026, 5, 1), 5),
                (date(2026, 6, 19), 3),
                (date(2026, 9, 25), 3),
                (date(2026, 10, 1), 7),
            ),
            (
                date(2026, 1, 4),
                date(2026, 2, 14),
                date(2026, 2, 28),
                date(2026, 5, 9),
                date(2026, 9, 20),
                date(2026, 10, 10),
            ),
        ),
    }
)
