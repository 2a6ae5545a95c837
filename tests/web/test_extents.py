"""What a consent says beside purpose, sections and term."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.consents.model import Consent, ConsentState
from creditbridge.endpoints.extents import Interval, Unit, extent_of, next_look_at, say_interval
from creditbridge.profile.codes import (
    ConsentForm,
    Product,
    Purpose,
    SectionCode,
    SubjectRole,
    Until,
)

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def consent() -> Consent:
    """A consent of five looks that says nothing else."""
    return Consent(
        consent_id="cns_1",
        version=2,
        state=ConsentState.ACTIVE,
        bank_id="bnk_1",
        clients=frozenset(),
        uscc="91330100YY0000A13Y",
        purposes=frozenset({Purpose.POST_LOAN}),
        sections=frozenset({SectionCode.REG}),
        valid_from=NOON - 24 * HOUR,
        valid_to=NOON + 240 * HOUR,
        max_queries=5,
        used=0,
        business_ref=None,
        business_closed_at=None,
    )


def test_what_was_said_is_told(consent: Consent) -> None:
    """Products and parts in the tables' order; a paper letter; the end of the business."""
    said = replace(
        consent,
        products=frozenset({Product.FACTORING, Product.LOAN}),
        roles=frozenset({SubjectRole.GUARANTOR}),
        until=Until.BUSINESS_END,
        form=ConsentForm.PAPER_SCAN,
        per_day=2,
        min_interval_seconds=7_200,
    )

    extent = extent_of(said)

    assert extent.products == (Product.LOAN, Product.FACTORING)
    assert extent.roles == (SubjectRole.GUARANTOR,)
    assert (extent.until_business_end, extent.paper, extent.per_day) == (True, True, 2)
    assert extent.interval == Interval(count=2, unit=Unit.HOURS)


def test_one_look_in_all_is_once(consent: Consent) -> None:
    """However it was said."""
    assert extent_of(consent).once is False
    assert extent_of(replace(consent, max_queries=1)).once is True


@pytest.mark.parametrize(
    ("seconds", "count", "unit"),
    [
        (30 * 86_400, 30, Unit.DAYS),
        (36 * 3_600, 36, Unit.HOURS),
        (90 * 60, 90, Unit.MINUTES),
        (61, 61, Unit.SECONDS),
    ],
)
def test_an_interval_is_said_exactly(seconds: int, count: int, unit: Unit) -> None:
    """In the largest unit that needs no fraction."""
    assert say_interval(seconds) == Interval(count=count, unit=unit)


def test_without_a_rhythm_the_next_look_may_come_at_once(consent: Consent) -> None:
    """Whatever was looked before."""
    assert next_look_at(consent, [NOON], now=NOON) is None


def test_the_next_look_waits_for_the_interval(consent: Consent) -> None:
    """From the last look on; afterwards at once."""
    paced = replace(consent, min_interval_seconds=7_200)

    assert next_look_at(paced, [], now=NOON) is None
    assert next_look_at(paced, [NOON - HOUR, NOON - 9 * HOUR], now=NOON) == NOON + HOUR
    assert next_look_at(paced, [NOON - 2 * HOUR], now=NOON) is None


def test_a_full_day_waits_for_midnight_in_shanghai(consent: Consent) -> None:
    """16:00 UTC; looks of the day before there do not count."""
    daily = replace(consent, per_day=2)
    midnight = datetime(2026, 11, 23, 16, tzinfo=UTC)
    today = [NOON - HOUR, NOON - 11 * HOUR]

    assert next_look_at(daily, today, now=NOON) == midnight
    assert next_look_at(daily, [NOON - HOUR, NOON - 13 * HOUR], now=NOON) is None
    assert next_look_at(replace(daily, min_interval_seconds=50_400), today, now=NOON) == (
        NOON + 13 * HOUR
    )
