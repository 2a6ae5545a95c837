"""SOC: head-counts by month, and what fall of them raises a flag."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import asdict, replace

from creditbridge.profile.classes import NEEDED_CLASSES
from creditbridge.profile.codes import DataClass, FlagState, SectionCode
from creditbridge.profile.months import YearMonth, months_before
from creditbridge.profile.policy import DEFAULT_POLICY, Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.sections import InsuredMonth, Penalty
from creditbridge.profile.sections.insurance import (
    PaidState,
    agree_on_heads,
    identify_month,
    judge_headcount,
)

TODAY = date(2026, 11, 21)
NEWEST, YEAR_AGO = YearMonth(year=2026, month=10), YearMonth(year=2025, month=10)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
MonthOf = Callable[..., InsuredMonth]


@pytest.fixture
def month_of(head: RecordBase) -> MonthOf:
    """Makes a month, paid, with so many insured."""

    def make(month: YearMonth, insured: int | None) -> InsuredMonth:
        return InsuredMonth(
            **{**asdict(head), "record_id": f"rec_{month.year}_{month.month}"},
            month=month,
            insured=insured,
            paid_state=PaidState.PAID,
            paid_text="已缴",
            fund_persons=None,
            fund_amount=None,
            authority="杭州市人力资源和社会保障局",
        )

    return make


def test_the_section_needs_the_commercial_class() -> None:
    """Not PUBLIC, not QUERY: head-counts are the enterprise's own (section C)."""
    assert NEEDED_CLASSES[SectionCode.SOC] == {DataClass.COMMERCIAL}


@pytest.mark.parametrize(
    ("insured", "state"),
    [
        (71, FlagState.CLEAR),
        (70, FlagState.RAISED),
        (69, FlagState.RAISED),
        (100, FlagState.CLEAR),
        (140, FlagState.CLEAR),
        (0, FlagState.RAISED),
    ],
    ids=["29-percent", "30-percent", "31-percent", "same", "more", "nobody"],
)
def test_a_fall_by_thirty_percent_within_a_year_raises_the_flag(
    month_of: MonthOf, insured: int, state: FlagState
) -> None:
    """Against a hundred in the same month of the year before; months between do not matter."""
    months = [month_of(NEWEST, insured), month_of(YEAR_AGO, 100)]
    between = month_of(YearMonth(year=2026, month=3), 500)

    finding = judge_headcount([between, *months], TODAY, DEFAULT_POLICY)

    assert finding.state is state
    assert finding.evidence == (tuple(months) if state is FlagState.RAISED else ())


def test_the_place_may_set_another_percentage(month_of: MonthOf) -> None:
    """Twenty in place of thirty."""
    months = [month_of(NEWEST, 80), month_of(YEAR_AGO, 100)]

    assert judge_headcount(months, TODAY, DEFAULT_POLICY).state is FlagState.CLEAR
    policy = Policy(headcount_drop_percent=20)
    assert judge_headcount(months, TODAY, policy).state is FlagState.RAISED


@SHARED
@given(before=st.integers(0, 10_000), now=st.integers(0, 10_000), percent=st.integers(1, 100))
def test_the_flag_is_raised_exactly_where_the_fall_reaches_the_percentage(
    month_of: MonthOf, before: int, now: int, percent: int
) -> None:
    """In whole numbers, without a rounding that could decide."""
    months = [month_of(NEWEST, now), month_of(YEAR_AGO, before)]

    finding = judge_headcount(months, TODAY, Policy(headcount_drop_percent=percent))

    is_raised = before > 0 and now * 100 <= before * (100 - percent)
    assert finding.state is (FlagState.RAISED if is_raised else FlagState.CLEAR)


def test_without_both_months_nobody_can_tell(month_of: MonthOf, penalty: Penalty) -> None:
    """No months, a young company, a count untold, two counts of one month: never CLEAR."""
    newest, before = month_of(NEWEST, 90), month_of(YEAR_AGO, 100)

    cases: tuple[list[RecordBase], ...] = (
        [],
        [penalty],
        [newest],
        [newest, month_of(YearMonth(year=2025, month=9), 100)],
        [replace(newest, insured=None), before],
        [newest, replace(before, insured=None)],
        [newest, before, replace(before, record_id="rec_other", insured=95)],
        [newest, replace(newest, record_id="rec_other", insured=95), before],
    )
    for records in cases:
        state = judge_headcount(records, TODAY, DEFAULT_POLICY).state
        assert state is FlagState.INDETERMINATE


def test_a_month_is_named_by_its_office(month_of: MonthOf, penalty: Penalty) -> None:
    """Copies agree where they count the same heads."""
    month = month_of(NEWEST, 90)

    assert identify_month(month) == ("杭州市人力资源和社会保障局", "2026", "10")
    assert identify_month(penalty) is None
    assert agree_on_heads(month, replace(month, paid_text=None))
    assert not agree_on_heads(month, replace(month, insured=91))
    assert agree_on_heads(month, penalty)
    assert agree_on_heads(penalty, month)


@pytest.mark.parametrize(
    ("count", "earlier"),
    [
        (0, NEWEST),
        (9, YearMonth(year=2026, month=1)),
        (10, YearMonth(year=2025, month=12)),
        (12, YEAR_AGO),
    ],
)
def test_months_are_counted_over_the_turn_of_the_year(count: int, earlier: YearMonth) -> None:
    """And ordered as they follow each other."""
    assert months_before(NEWEST, count) == earlier
    assert earlier <= NEWEST
