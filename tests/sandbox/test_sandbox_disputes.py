"""A dispute on the platform's side: five working days, twenty with approval, one review."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from creditsandbox.province.days import add_working_days, is_worked
from creditsandbox.province.disputes import (
    Dispute,
    DisputeMisplaced,
    DisputeOutcome,
    DisputeStand,
    answer,
    due_on,
    extend,
    review,
    stand_on,
)

OPENED_ON = date(2026, 9, 24)  # The Thursday before a holiday of three days.
TODAY = date(2026, 11, 21)
DISPUTE = Dispute(
    dispute_no="2026-1",
    uscc="91330100YY0000A13Y",
    section="PEN",
    record_no="PEN-1",
    opened_on=OPENED_ON,
)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 9, 20), True),  # a Sunday worked to make up
        (date(2026, 9, 25), False),  # a holiday, a Friday
        (date(2026, 9, 28), True),
        (date(2026, 9, 26), False),
        (date(2030, 10, 1), True),  # a year that was not announced has weekends alone
    ],
)
def test_holidays_and_days_worked_for_them_are_known(day: date, worked: bool) -> None:  # noqa: FBT001 - a table
    """Weekends, holidays, and Sundays that are worked."""
    assert is_worked(day) is worked


def test_the_clock_runs_over_holidays() -> None:
    """Five working days after a Thursday in September 2026 end after the week of the first."""
    assert due_on(DISPUTE) == date(2026, 10, 9)
    assert due_on(extend(DISPUTE)) == date(2026, 10, 29)


@given(st.dates(date(2025, 1, 1), date(2030, 1, 1)), st.integers(min_value=1, max_value=30))
def test_so_many_working_days_lie_between(day: date, count: int) -> None:
    """The last of them is worked, and exactly so many are counted on the way."""
    last = add_working_days(day, count)
    days = [day + timedelta(days=number) for number in range(1, (last - day).days + 1)]

    assert is_worked(last)
    assert sum(map(is_worked, days)) == count


def test_a_dispute_is_overdue_on_the_day_after() -> None:
    """Through its last day it is open, on the next it is overdue, answered late it is answered."""
    last = due_on(DISPUTE)
    late = answer(DISPUTE, DisputeOutcome.KEEP, on=last + timedelta(days=3))

    assert stand_on(DISPUTE, last) is DisputeStand.OPEN
    assert stand_on(DISPUTE, last + timedelta(days=1)) is DisputeStand.OVERDUE
    assert stand_on(late, last + timedelta(days=2)) is DisputeStand.OVERDUE
    assert stand_on(late, last + timedelta(days=3)) is DisputeStand.ANSWERED


def test_a_review_has_a_clock_of_its_own() -> None:
    """After the first answer it begins anew, unextended and unanswered."""
    answered = answer(extend(DISPUTE), DisputeOutcome.KEEP, on=date(2026, 10, 20))

    reviewed = review(answered, on=date(2026, 11, 2))

    assert reviewed.is_review
    assert not reviewed.is_extended
    assert due_on(reviewed) == date(2026, 11, 9)
    assert stand_on(reviewed, date(2026, 11, 9)) is DisputeStand.OPEN


def test_steps_out_of_order_are_refused() -> None:
    """No answer before the opening, no second one, no late extension, no review of a review."""
    answered = answer(DISPUTE, DisputeOutcome.DELETE, on=date(2026, 9, 30))
    reviewed = answer(review(answered, on=date(2026, 10, 8)), DisputeOutcome.KEEP, on=TODAY)

    steps: tuple[Callable[[], Dispute], ...] = (
        lambda: answer(DISPUTE, DisputeOutcome.KEEP, on=date(2026, 9, 1)),
        lambda: answer(answered, DisputeOutcome.KEEP, on=TODAY),
        lambda: extend(answered),
        lambda: extend(extend(DISPUTE)),
        lambda: review(DISPUTE, on=TODAY),
        lambda: review(answered, on=date(2026, 9, 1)),
        lambda: review(reviewed, on=TODAY),
    )
    for step in steps:
        with pytest.raises(DisputeMisplaced):
            step()
