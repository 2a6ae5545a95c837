"""A book of who said yes to what and which looks stand, and the judge of a look who reads in it.

In plain words, and by nothing of the rules that it judges.
"""

from datetime import UTC, date, datetime, timedelta

from creditbridge.consents.acts import Approval
from creditbridge.consents.model import Asked, Consent, Coverage
from creditbridge.parties.model import Role
from creditbridge.profile.classes import NEEDED_CLASSES
from creditbridge.profile.codes import DataClass
from creditbridge.profile.consent_policy import PurposeCeilings


class Page:
    """What the book says of one consent."""

    def __init__(self, consent: Consent) -> None:
        self.given: Consent | None = None  # As the enterprise said yes to it.
        self.stands = False
        self.looks: list[datetime] = []
        self.asked = consent


def yes_to(consent: Consent) -> Approval:
    """Return a representative's yes to this version, whole."""
    return Approval(
        consent_id=consent.consent_id,
        version=consent.version,
        uscc=consent.uscc,
        person_id="prs_1",
        role=Role.LEGAL_REP,
        template_id="approval",
        template_version="1",
        text_digest=bytes(32),
    )


def day_in_shanghai(instant: datetime) -> date:
    """Return the calendar day, reckoned here and not by the rule."""
    return (instant.astimezone(UTC) + timedelta(hours=8)).date()


def judge(
    page: Page, coverage: Coverage, asked: Asked, limits: PurposeCeilings, *, now: datetime
) -> None:
    """Find every reason for which this look should not have been."""
    given = page.given
    assert given is not None
    assert page.stands
    assert asked.bank_id == "bnk_1"
    assert asked.purpose in given.purposes
    assert not given.products or asked.product in given.products
    assert given.valid_from <= now < given.valid_to
    assert now < given.valid_from + timedelta(days=limits.validity_days_max)
    assert len(page.looks) < min(given.max_queries, limits.queries_max)
    assert coverage.use_number == len(page.looks) + 1
    assert coverage.sections
    assert coverage.sections <= asked.sections & given.sections & set(limits.sections_max)
    opened = given.data_classes or set(DataClass)
    assert all(NEEDED_CLASSES[code] <= opened for code in coverage.sections)
    today = [one for one in page.looks if day_in_shanghai(one) == day_in_shanghai(now)]
    assert len(today) < min(given.per_day or 1_000, limits.per_day_max)
    if given.min_interval_seconds is not None and page.looks:
        assert now - page.looks[-1] >= timedelta(seconds=given.min_interval_seconds)
