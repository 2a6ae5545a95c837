"""Disputes: what is well formed, each turn, and the clock at each of its edges."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.disputes.model import (
    Countdown,
    Dispute,
    DisputeState,
    Draft,
    Ground,
    Outcome,
    ReviewMissing,
    Slip,
    Stage,
    Told,
)
from creditbridge.disputes.rules import (
    add_working_days,
    apply_told,
    begin_review,
    count_down,
    count_working_days,
    is_worked,
    list_slips,
    stage_of,
    tidy,
    wait_after,
)
from creditbridge.disputes.working_days import YEARS
from creditbridge.profile.codes import SectionCode

RECORD_ID = "rec_" + "Az0_-" * 8 + "abc"
DRAFT = Draft(record_id=RECORD_ID, number="PEN-1", ground="WRONG_FACT", text="金额不对。")
MONDAY = datetime(2026, 3, 2, 4, tzinfo=UTC)  # At noon in China.
TAKEN = Told(is_taken=True)
KEPT = Told(is_taken=True, outcome=Outcome.KEEP)
REFUSED = Told(is_taken=False)


@pytest.fixture
def filed() -> Dispute:
    """A dispute that was filed on a Monday, and not passed on."""
    return Dispute(
        dispute_id="dsp_1",
        uscc="91330100YY0000A13Y",
        person_id="prs_1",
        report_id="rpt_1",
        record_id=RECORD_ID,
        platform="provincial",
        section=SectionCode.PEN,
        ground=Ground.WRONG_FACT,
        state=DisputeState.FILED,
        version=1,
        filed_at=MONDAY,
    )


def test_a_whole_draft_has_no_slips() -> None:
    """Several lines and the ideographic space are what people write."""
    assert list_slips(DRAFT) == frozenset()
    assert list_slips(replace(DRAFT, text="第一行\n　第二行")) == frozenset()


@pytest.mark.parametrize(
    ("member", "typed", "slip"),
    [
        ("record_id", "", Slip.RECORD),
        ("record_id", RECORD_ID[:-1], Slip.RECORD),
        ("record_id", RECORD_ID + "a", Slip.RECORD),
        ("record_id", RECORD_ID[:-1] + "=", Slip.RECORD),
        ("number", "", Slip.NUMBER),
        ("number", "1" * 513, Slip.NUMBER),
        ("number", "1\n2", Slip.NUMBER),
        ("ground", "", Slip.GROUND),
        ("ground", "wrong_fact", Slip.GROUND),
        ("text", "", Slip.TEXT),
        ("text", "长" * 1_001, Slip.TEXT),
        ("text", "a\u202eb", Slip.TEXT),
        ("text", "a\x00b", Slip.TEXT),
        ("text", "a\u2028b", Slip.TEXT),
    ],
)
def test_what_is_not_well_formed_is_named(member: str, typed: str, slip: Slip) -> None:
    """One field, one slip."""
    assert list_slips(replace(DRAFT, **{member: typed})) == {slip}


@pytest.mark.parametrize(("member", "longest"), [("number", "1" * 512), ("text", "长" * 1_000)])
def test_the_longest_is_well_formed(member: str, longest: str) -> None:
    """The limit itself is allowed."""
    assert list_slips(replace(DRAFT, **{member: longest})) == frozenset()


def test_a_draft_is_tidied() -> None:
    """Blanks around go; the ends of lines are of one kind."""
    typed = Draft(record_id=f" {RECORD_ID}\t", number=" 1 ", ground="OTHER", text=" a\r\nb ")

    expected = Draft(record_id=RECORD_ID, number="1", ground="OTHER", text="a\nb")
    assert tidy(typed) == expected


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 3, 6), True),
        (date(2026, 3, 7), False),
        (date(2026, 3, 8), False),
        (date(2026, 2, 14), True),  # A Saturday that makes up for the Spring Festival.
        (date(2026, 1, 4), True),  # A Sunday that makes up for New Year.
        (date(2026, 2, 16), False),
        (date(2026, 2, 24), True),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2025, 10, 8), False),
        (date(2025, 10, 11), True),
        (date(2027, 10, 1), True),  # Not known yet: a Friday.
        (date(2027, 10, 2), False),
    ],
)
def test_a_day_is_worked_or_not(day: date, *, worked: bool) -> None:
    """Holidays, days that make up for them, and weekends alone where a year is not known."""
    assert is_worked(day) is worked


@pytest.mark.parametrize("number", sorted(YEARS))
def test_the_table_is_sound(number: int) -> None:
    """Days are of their year; who works on a day is not off; only weekends make up."""
    year = YEARS[number]

    assert {day.year for day in year.off | year.worked} == {number}
    assert not year.off & year.worked
    assert all(day.weekday() >= 5 for day in year.worked)


@pytest.mark.parametrize(
    ("begun", "count", "due"),
    [
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
        (date(2026, 3, 2), 1, date(2026, 3, 3)),
        (date(2026, 3, 2), 5, date(2026, 3, 9)),
        (date(2026, 3, 7), 5, date(2026, 3, 13)),  # A Saturday: Monday is the first day.
        (date(2026, 3, 2), 20, date(2026, 3, 30)),
        (date(2026, 2, 12), 5, date(2026, 2, 26)),  # With a Saturday worked, and nine days off.
        (date(2026, 9, 30), 5, date(2026, 10, 13)),
        (date(2026, 12, 29), 5, date(2027, 1, 5)),
    ],
)
def test_working_days_are_added(begun: date, count: int, due: date) -> None:
    """The first day is not counted, the last one is."""
    assert add_working_days(begun, count) == due
    assert count_working_days(begun, due) == count
    assert count_working_days(due, begun) == -count


def test_the_days_run_from_filing_in_china(filed: Dispute) -> None:
    """At midnight in China it is the next day's filing."""
    last = replace(filed, filed_at=datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC))
    first = replace(filed, filed_at=datetime(2026, 3, 2, 16, tzinfo=UTC))

    for dispute, due_on in ((last, date(2026, 3, 9)), (first, date(2026, 3, 10))):
        counted = count_down(dispute, now=MONDAY)
        assert counted is not None
        assert counted.due_on == due_on


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (MONDAY, 5),
        (MONDAY + timedelta(days=4), 1),
        (MONDAY + timedelta(days=6), 1),
        (datetime(2026, 3, 9, 15, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 9, 16, tzinfo=UTC), -1),
        (MONDAY + timedelta(days=12), -4),
    ],
)
def test_days_are_left_until_the_end_of_the_last(filed: Dispute, now: datetime, left: int) -> None:
    """The last day is 0, the next one is overdue."""
    expected = Countdown(due_on=date(2026, 3, 9), days_left=left, is_certain=True)
    assert count_down(filed, now=now) == expected


def test_an_extension_is_of_twenty_days_in_all(filed: Dispute) -> None:
    """Counted from the same day."""
    extended = apply_told(filed, Told(is_taken=True, is_extended=True), now=MONDAY)

    counted = count_down(extended, now=MONDAY)

    assert counted == Countdown(due_on=date(2026, 3, 30), days_left=20, is_certain=True)


def test_a_year_without_a_table_is_said(filed: Dispute) -> None:
    """The date rests on weekends alone."""
    now = datetime(2026, 12, 29, 4, tzinfo=UTC)

    counted = count_down(replace(filed, filed_at=now), now=now)

    assert counted == Countdown(due_on=date(2027, 1, 5), days_left=5, is_certain=False)


def test_a_first_answer_and_a_review(filed: Dispute) -> None:
    """Filed, accepted, answered, under review, closed; each stage has its own clock."""
    later = MONDAY + timedelta(days=7)

    accepted = apply_told(filed, TAKEN, now=MONDAY)
    answered = apply_told(accepted, KEPT, now=MONDAY)
    review = begin_review(answered, now=later)
    passed = apply_told(review, TAKEN, now=later)
    closed = apply_told(passed, Told(is_taken=True, outcome=Outcome.DELETE), now=later)

    assert (accepted.state, accepted.passed_at) == (DisputeState.ACCEPTED, MONDAY)
    assert (answered.state, answered.outcome) == (DisputeState.ANSWERED, Outcome.KEEP)
    assert count_down(answered, now=MONDAY) is None
    assert (review.state, review.passed_at) == (DisputeState.REVIEW, None)
    assert (passed.state, passed.passed_at) == (DisputeState.REVIEW, later)
    counted = count_down(passed, now=later)
    assert counted == Countdown(due_on=date(2026, 3, 16), days_left=5, is_certain=True)
    assert (closed.state, closed.review_outcome) == (DisputeState.CLOSED, Outcome.DELETE)
    assert closed.outcome is Outcome.KEEP
    assert [stage_of(one) for one in (answered, closed)] == [Stage.FIRST, Stage.REVIEW]


def test_what_is_not_taken_up_ends(filed: Dispute) -> None:
    """The first time it is rejected; a review leaves the first answer as it stands."""
    rejected = apply_told(filed, REFUSED, now=MONDAY)
    review = begin_review(apply_told(filed, KEPT, now=MONDAY), now=MONDAY)
    closed = apply_told(review, REFUSED, now=MONDAY)

    assert (rejected.state, rejected.closed_at) == (DisputeState.REJECTED, MONDAY)
    assert (closed.state, closed.outcome) == (DisputeState.CLOSED, Outcome.KEEP)
    assert closed.review_outcome is None


def test_what_is_no_news_changes_nothing(filed: Dispute) -> None:
    """Told twice, or after the end."""
    accepted = apply_told(filed, TAKEN, now=MONDAY)
    answered = apply_told(accepted, KEPT, now=MONDAY)

    assert apply_told(accepted, TAKEN, now=MONDAY + timedelta(hours=1)) == accepted
    assert apply_told(answered, TAKEN, now=MONDAY) is answered


@pytest.mark.parametrize("state", [one for one in DisputeState if one is not DisputeState.ANSWERED])
def test_a_review_follows_a_first_answer_alone(filed: Dispute, state: DisputeState) -> None:
    """Once, and never before."""
    with pytest.raises(ReviewMissing):
        begin_review(replace(filed, state=state), now=MONDAY)


@pytest.mark.parametrize(("tries", "minutes"), [(0, 1), (1, 2), (5, 32), (6, 60), (1_000_000, 60)])
def test_waits_grow_up_to_an_hour(tries: int, minutes: int) -> None:
    """Doubled each time."""
    assert wait_after(tries) == timedelta(minutes=minutes)
