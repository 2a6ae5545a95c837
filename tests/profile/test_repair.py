"""Until when an adverse record may be published and kept."""

from datetime import UTC, date, datetime

import pytest

from creditbridge.profile.codes import Severity
from creditbridge.profile.repair import latest_publicity_end, retention_end

DECIDED = date(2026, 5, 31)


@pytest.mark.parametrize(
    ("severity", "end"),
    [
        (Severity.MINOR, datetime(2026, 8, 30, 16, tzinfo=UTC)),
        (Severity.GENERAL, datetime(2027, 5, 30, 16, tzinfo=UTC)),
        (Severity.SERIOUS, datetime(2029, 5, 30, 16, tzinfo=UTC)),
        (Severity.NA, None),
    ],
)
def test_publication_ends_by_severity(severity: Severity, end: datetime | None) -> None:
    """Three months, a year, three years from the decision; midnight in China."""
    assert latest_publicity_end(severity, DECIDED) == end


def test_five_years_after_determination_a_record_is_over() -> None:
    """ZJ 16."""
    assert retention_end(DECIDED) == datetime(2031, 5, 30, 16, tzinfo=UTC)


def test_without_a_day_no_end_is_invented() -> None:
    """No decision date, no computed end."""
    assert latest_publicity_end(Severity.SERIOUS, None) is None
    assert retention_end(None) is None
