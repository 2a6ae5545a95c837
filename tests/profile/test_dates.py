"""Days in China, and the instants at which they begin."""

from datetime import UTC, date, datetime

import pytest

from creditbridge.profile.dates import add_months, begin_of, day_of


def test_a_day_begins_eight_hours_before_it_does_in_utc() -> None:
    """Midnight in China is 16:00 UTC of the day before."""
    assert begin_of(date(2026, 3, 1)) == datetime(2026, 2, 28, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC), date(2026, 2, 28)),
        (datetime(2026, 2, 28, 16, 0, 0, tzinfo=UTC), date(2026, 3, 1)),
    ],
)
def test_the_day_changes_at_midnight_in_china(instant: datetime, day: date) -> None:
    """One second decides the day."""
    assert day_of(instant) == day


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 3, 1), 3, date(2026, 6, 1)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 31), 24, date(2028, 12, 31)),
    ],
)
def test_months_end_where_there_is_no_such_day(day: date, months: int, later: date) -> None:
    """A month that is too short gives its last day, leap years included."""
    assert add_months(day, months) == later
