"""Days in China and the instants at which they begin, without a time zone database."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone

# China has kept one zone without summer time since 1991; older days only lose an hour of a record.
CHINA = timezone(timedelta(hours=8))
MONTHS_PER_YEAR = 12


def begin_of(day: date) -> datetime:
    """Return the instant at which a day begins in China, in UTC."""
    return datetime.combine(day, time(), CHINA).astimezone(UTC)


def day_of(instant: datetime) -> date:
    """Return the day that it is in China at an instant."""
    return instant.astimezone(CHINA).date()


def add_months(day: date, months: int) -> date:
    """Return the same day months later, or the month's last day where there is no such day."""
    year, month = divmod(day.year * MONTHS_PER_YEAR + day.month - 1 + months, MONTHS_PER_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
