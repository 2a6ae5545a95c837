"""How often a consent may be used: days of Shanghai, and the time between two uses."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from creditbridge.consents.frequency import (
    SPARE_USES,
    add_use,
    day_of,
    next_use_at,
    remove_use,
    require_frequency,
)
from creditbridge.consents.model import Consent, ConsentFrequency, ConsentState

# Midnight in Shanghai.
MIDNIGHT = datetime(2026, 3, 1, 16, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def limited(*uses: datetime, per_day: int | None = None, seconds: int | None = None) -> Consent:
    """Return a consent with a frequency, used at these instants."""
    consent = Consent(
        consent_id="cns_1",
        version=2,
        state=ConsentState.ACTIVE,
        bank_id="bnk_1",
        clients=frozenset(),
        uscc="91330100YY0000A13Y",
        purposes=frozenset(),
        sections=frozenset(),
        valid_from=MIDNIGHT - 400 * DAY,
        valid_to=MIDNIGHT + 400 * DAY,
        max_queries=1_000,
        used=0,
        business_ref=None,
        business_closed_at=None,
        per_day=per_day,
        min_interval_seconds=seconds,
    )
    for use in uses:
        consent = add_use(consent, taken_at=use, per_day=per_day)
    return consent


@pytest.mark.parametrize(
    ("consent", "now", "next_at"),
    [
        (limited(MIDNIGHT - TICK, per_day=1), MIDNIGHT - TICK, MIDNIGHT),
        (limited(MIDNIGHT - TICK, per_day=1), MIDNIGHT, MIDNIGHT),
        (limited(MIDNIGHT, per_day=1), MIDNIGHT, MIDNIGHT + DAY),
        (limited(MIDNIGHT, per_day=1), MIDNIGHT + DAY - TICK, MIDNIGHT + DAY),
        (limited(MIDNIGHT, per_day=1), MIDNIGHT + DAY, MIDNIGHT + DAY),
        (limited(MIDNIGHT, per_day=2), MIDNIGHT, MIDNIGHT),
        (limited(MIDNIGHT, MIDNIGHT, per_day=2), MIDNIGHT + HOUR, MIDNIGHT + DAY),
        (limited(MIDNIGHT - TICK, MIDNIGHT, per_day=2), MIDNIGHT + HOUR, MIDNIGHT + HOUR),
        (limited(MIDNIGHT, seconds=3_600), MIDNIGHT + HOUR - TICK, MIDNIGHT + HOUR),
        (limited(MIDNIGHT, seconds=3_600), MIDNIGHT + HOUR, MIDNIGHT + HOUR),
        (limited(MIDNIGHT, seconds=3_600), MIDNIGHT + 2 * HOUR, MIDNIGHT + 2 * HOUR),
        (limited(MIDNIGHT, per_day=1, seconds=2 * 86_400), MIDNIGHT, MIDNIGHT + 2 * DAY),
        (limited(MIDNIGHT, per_day=1, seconds=60), MIDNIGHT, MIDNIGHT + DAY),
        (limited(MIDNIGHT + HOUR, per_day=1), MIDNIGHT, MIDNIGHT + DAY),
        (limited(MIDNIGHT), MIDNIGHT, MIDNIGHT),
        (limited(per_day=1, seconds=60), MIDNIGHT, MIDNIGHT),
    ],
)
def test_the_next_use_is_possible_from_an_instant_on(
    consent: Consent, now: datetime, next_at: datetime
) -> None:
    """Below, at and above each bound; a day begins at midnight in Shanghai."""
    assert next_use_at(consent, now=now) == next_at


def test_a_use_too_soon_is_told_when_to_come() -> None:
    """The instant in UTC, and whole seconds that are never too few."""
    consent = limited(MIDNIGHT, per_day=1)

    with pytest.raises(ConsentFrequency) as caught:
        require_frequency(consent, now=MIDNIGHT + DAY - timedelta(seconds=1, microseconds=1))
    require_frequency(consent, now=MIDNIGHT + DAY)

    assert caught.value.next_at == MIDNIGHT + DAY
    assert caught.value.next_at.utcoffset() == timedelta(0)
    assert caught.value.retry_after_seconds == 2


def test_a_use_given_back_counts_no_longer() -> None:
    """Neither for the day nor for the interval: the one before it does again."""
    consent = limited(MIDNIGHT, MIDNIGHT + HOUR, per_day=2, seconds=60)

    before = remove_use(consent, taken_at=MIDNIGHT + HOUR)
    none = remove_use(before, taken_at=MIDNIGHT)

    assert next_use_at(consent, now=MIDNIGHT + HOUR) == MIDNIGHT + DAY
    assert (before.used, before.last_used_at) == (1, MIDNIGHT)
    assert next_use_at(before, now=MIDNIGHT + TICK) == MIDNIGHT + timedelta(seconds=60)
    assert (none.used, none.last_used_at, none.recent_uses) == (0, None, ())


def test_one_of_two_uses_of_one_instant_is_given_back() -> None:
    """A clock that stands still makes two uses no single one."""
    consent = limited(MIDNIGHT, MIDNIGHT, per_day=2)

    assert remove_use(consent, taken_at=MIDNIGHT).recent_uses == (MIDNIGHT,)


def test_a_use_that_is_forgotten_is_given_back_all_the_same() -> None:
    """It lies too far back for any day or interval; the count is what matters."""
    consent = limited(*(MIDNIGHT + n * DAY for n in range(SPARE_USES + 1)))

    after = remove_use(consent, taken_at=MIDNIGHT)

    assert len(consent.recent_uses) == SPARE_USES
    assert (after.used, after.recent_uses) == (SPARE_USES, consent.recent_uses)


@given(
    steps=st.lists(st.integers(0, 200_000), min_size=1, max_size=60),
    per_day=st.integers(1, 3),
    seconds=st.one_of(st.none(), st.integers(1, 100_000)),
    back=st.sets(st.integers(0, 59), max_size=SPARE_USES),
)
def test_no_day_holds_more_uses_and_no_two_lie_closer(
    steps: list[int], per_day: int, seconds: int | None, back: set[int]
) -> None:
    """Whatever the steps of the clock, and whichever uses are given back."""
    consent, now, standing = limited(per_day=per_day, seconds=seconds), MIDNIGHT, []
    for number, step in enumerate(steps):
        now += timedelta(seconds=step)
        if next_use_at(consent, now=now) > now:
            continue
        consent = add_use(consent, taken_at=now, per_day=per_day)
        if number in back:
            consent = remove_use(consent, taken_at=now)
        else:
            standing.append(now)

    days = [day_of(use) for use in standing]
    gaps = [later - use for use, later in pairwise(standing)]
    assert all(days.count(day) <= per_day for day in days)
    assert seconds is None or all(gap >= timedelta(seconds=seconds) for gap in gaps)
