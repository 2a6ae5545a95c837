"""Until when an adverse record may be published and kept, where its source does not say.

Publication ends at the latest by severity (NDRC Order 36, as read in 2026); keeping and disclosing
ends five years after determination (ZJ 16). Both from the day of the decision.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from creditbridge.profile.codes import Severity
from creditbridge.profile.dates import add_months, begin_of

# The longest time that the order allows: where a source names an earlier end, that one holds.
PUBLICITY_MONTHS_MAX: Mapping[Severity, int] = MappingProxyType(
    {Severity.MINOR: 3, Severity.GENERAL: 12, Severity.SERIOUS: 36}
)
RETENTION_MONTHS = 60


def latest_publicity_end(severity: Severity, decided: date | None) -> datetime | None:
    """Return the first instant at which publication is over; None without severity or day."""
    months = PUBLICITY_MONTHS_MAX.get(severity)
    if decided is None or months is None:
        return None
    return begin_of(add_months(decided, months))


def retention_end(decided: date | None) -> datetime | None:
    """Return the first instant at which a record may not be kept any more; None without a day."""
    return None if decided is None else begin_of(add_months(decided, RETENTION_MONTHS))
