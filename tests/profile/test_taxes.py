"""TAX: grades, arrears, who cannot be reached, and payments behind their own class."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import asdict, replace

from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import DataClass, FlagState, SectionCode
from creditbridge.profile.merge import merge
from creditbridge.profile.model import Extent, NoneSection, PresentSection, SourceAnswer, records_of
from creditbridge.profile.policy import DEFAULT_POLICY
from creditbridge.profile.record import RecordBase
from creditbridge.profile.sections import (
    Penalty,
    TaxArrears,
    TaxCredit,
    TaxNonNormal,
    TaxPayment,
)
from creditbridge.profile.sections.taxes import (
    TaxGrade,
    TaxRecord,
    agree_on_tax,
    identify_tax,
    judge_arrears,
    judge_c,
    judge_d,
    judge_non_normal,
    outlives_release,
    show_tax,
)
from creditbridge.profile.suppression import suppress

TODAY = date(2026, 11, 21)
OFFICE = "国家税务总局杭州市税务局"
TAX = SectionCode.TAX
CreditOf = Callable[..., TaxCredit]


@pytest.fixture
def credit_of(head: RecordBase) -> CreditOf:
    """Makes a grade of a year, made in the April after."""

    def make(year: int, grade: TaxGrade, **changes: object) -> TaxCredit:
        fields = {**asdict(head), "record_id": f"rec_{year}", "data_class": DataClass.QUERY}
        made = TaxCredit(
            **fields,
            year=year,
            scheme="TAX_CREDIT-2025",
            grade=grade,
            grade_text=grade.value,
            evaluated=date(year + 1, 4, 20),
            authority=OFFICE,
        )
        return replace(made, **changes)

    return make


@pytest.fixture
def arrears(head: RecordBase) -> TaxArrears:
    """50,000 元 of value added tax are owed."""
    return TaxArrears(
        **{**asdict(head), "record_id": "rec_arrears", "data_class": DataClass.QUERY},
        tax_type="增值税",
        balance=Amount(value=Decimal(50_000), currency="CNY", source_unit="元"),
        announced=date(2026, 7, 1),
        authority=OFFICE,
    )


@pytest.fixture
def non_normal(head: RecordBase) -> TaxNonNormal:
    """Lost in May, and not found."""
    return TaxNonNormal(
        **{**asdict(head), "record_id": "rec_lost", "data_class": DataClass.QUERY},
        recognised=date(2026, 5, 1),
        released=None,
        authority=OFFICE,
    )


@pytest.fixture
def payment(head: RecordBase) -> TaxPayment:
    """What was paid for the second quarter."""
    return TaxPayment(
        **{**asdict(head), "record_id": "rec_paid", "data_class": DataClass.COMMERCIAL},
        item="增值税",
        period_from=date(2026, 4, 1),
        period_to=date(2026, 6, 30),
        amount=Amount(value=Decimal("103200.50"), currency="CNY", source_unit="元"),
        paid=date(2026, 7, 15),
        authority=OFFICE,
    )


@pytest.mark.parametrize(
    ("letters", "d", "c"),
    [
        ({2025: TaxGrade.D, 2024: TaxGrade.A}, FlagState.RAISED, FlagState.CLEAR),
        ({2025: TaxGrade.C}, FlagState.CLEAR, FlagState.RAISED),
        ({2025: TaxGrade.B, 2024: TaxGrade.D}, FlagState.CLEAR, FlagState.CLEAR),
        ({2025: TaxGrade.OTHER}, FlagState.INDETERMINATE, FlagState.INDETERMINATE),
        ({2023: TaxGrade.A}, FlagState.INDETERMINATE, FlagState.INDETERMINATE),
        ({2023: TaxGrade.D}, FlagState.RAISED, FlagState.INDETERMINATE),
        ({}, FlagState.CLEAR, FlagState.CLEAR),
    ],
    ids=["d", "c", "only-the-latest", "new-letter", "old", "old-d", "never-graded"],
)
def test_the_latest_year_decides(
    credit_of: CreditOf, letters: dict[int, TaxGrade], d: FlagState, c: FlagState
) -> None:
    """An old grade clears nothing, and a letter that nobody knows says nothing."""
    records = [credit_of(year, grade) for year, grade in letters.items()]

    assert judge_d(records, TODAY, DEFAULT_POLICY).state is d
    assert judge_c(records, TODAY, DEFAULT_POLICY).state is c


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2027, 4, 20), FlagState.CLEAR),
        (date(2027, 4, 21), FlagState.INDETERMINATE),
    ],
    ids=["at-a-year", "past-it"],
)
def test_a_grade_is_good_for_a_year(credit_of: CreditOf, today: date, state: FlagState) -> None:
    """By then the next one is due."""
    assert judge_d([credit_of(2025, TaxGrade.B)], today, DEFAULT_POLICY).state is state


def test_a_grade_without_its_day_clears_nothing(credit_of: CreditOf) -> None:
    """Nobody can tell how old it is."""
    undated = credit_of(2025, TaxGrade.B, evaluated=None)

    assert judge_d([undated], TODAY, DEFAULT_POLICY).state is FlagState.INDETERMINATE


def test_what_is_owed_raises_its_flag(arrears: TaxArrears, penalty: Penalty) -> None:
    """A balance of nothing does not; one that nobody can read does."""
    nothing = Amount(value=Decimal(0), currency="CNY", source_unit="元")
    settled, unread = replace(arrears, balance=nothing), replace(arrears, balance=None)

    assert judge_arrears([arrears, settled], TODAY, DEFAULT_POLICY).evidence == (arrears,)
    assert judge_arrears([unread], TODAY, DEFAULT_POLICY).state is FlagState.RAISED
    assert judge_arrears([settled, penalty], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR


def test_who_cannot_be_reached_raises_a_flag(non_normal: TaxNonNormal, arrears: TaxArrears) -> None:
    """Until they are found."""
    found = replace(non_normal, released=date(2026, 6, 1))

    assert judge_non_normal([non_normal], TODAY, DEFAULT_POLICY).evidence == (non_normal,)
    assert judge_non_normal([arrears], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR
    assert show_tax(non_normal, TODAY, DEFAULT_POLICY) is non_normal
    assert show_tax(found, TODAY, DEFAULT_POLICY) is None
    assert show_tax(replace(found, released=date(2026, 5, 1)), TODAY, DEFAULT_POLICY) is None


def test_every_kind_but_the_released_is_shown(
    credit_of: CreditOf, arrears: TaxArrears, payment: TaxPayment, penalty: Penalty
) -> None:
    """Records of another section are none of these."""
    for record in (credit_of(2025, TaxGrade.A), arrears, payment):
        assert show_tax(record, TODAY, DEFAULT_POLICY) is record
    assert show_tax(penalty, TODAY, DEFAULT_POLICY) is None
    assert identify_tax(penalty) is None


def test_each_kind_is_named_by_what_it_is_about(
    credit_of: CreditOf, arrears: TaxArrears, non_normal: TaxNonNormal, payment: TaxPayment
) -> None:
    """A grade by scheme and year, arrears by the tax, a payment by its period."""
    assert [identify_tax(each) for each in (credit_of(2025, TaxGrade.A), arrears, non_normal)] == [
        ("GRADE", "TAX_CREDIT-2025", "2025"),
        ("ARREARS", OFFICE, "增值税"),
        ("NON_NORMAL", OFFICE),
    ]
    assert identify_tax(payment) == (
        *("PAYMENT", OFFICE, "增值税", "2026-04-01", "2026-06-30", "2026-07-15"),
    )


def test_copies_agree_on_letter_and_amount(
    credit_of: CreditOf, arrears: TaxArrears, non_normal: TaxNonNormal, payment: TaxPayment
) -> None:
    """What one copy does not tell, it does not contradict."""
    other = Amount(value=Decimal(1), currency="CNY", source_unit="元")

    assert agree_on_tax(credit_of(2025, TaxGrade.A), credit_of(2025, TaxGrade.A))
    assert not agree_on_tax(credit_of(2025, TaxGrade.A), credit_of(2025, TaxGrade.B))
    assert agree_on_tax(arrears, arrears)
    assert not agree_on_tax(arrears, replace(arrears, balance=other))
    assert agree_on_tax(arrears, replace(arrears, balance=None))
    assert agree_on_tax(replace(payment, amount=None), payment)
    assert not agree_on_tax(payment, replace(payment, amount=other))
    assert agree_on_tax(non_normal, non_normal)


def test_who_was_lost_again_is_lost(non_normal: TaxNonNormal, arrears: TaxArrears) -> None:
    """A recognition after the release stands; an older copy of it does not (L19)."""
    ended = replace(non_normal, released=date(2026, 6, 1))

    assert outlives_release(replace(non_normal, recognised=date(2026, 6, 2)), ended)
    assert not outlives_release(replace(non_normal, recognised=date(2026, 6, 1)), ended)
    assert not outlives_release(arrears, ended)
    assert not outlives_release(ended, arrears)


@pytest.mark.parametrize("has_commercial", [True, False], ids=["named", "not-named"])
def test_amounts_are_served_only_under_the_commercial_class(
    credit_of: CreditOf,
    arrears: TaxArrears,
    payment: TaxPayment,
    present: Callable[..., PresentSection],
    answer_of: Callable[..., SourceAnswer],
    now: datetime,
    extent: Extent,
    *,
    has_commercial: bool,
) -> None:
    """Without it the payments are gone without a trace; grades and arrears stay."""
    records: tuple[TaxRecord, ...] = (credit_of(2025, TaxGrade.B), arrears, payment)
    classes = frozenset({DataClass.PUBLIC, DataClass.QUERY})
    if has_commercial:
        classes |= {DataClass.COMMERCIAL}
    code = frozenset({TAX})

    served = suppress(
        merge([answer_of({TAX: present(*records)})]),
        extent=replace(extent, asked=code, covered=code, classes=classes),
        now=now,
    )

    assert records_of(served.sections[TAX]) == records[: 3 if has_commercial else 2]


def test_only_amounts_on_file_are_no_record_without_their_class(
    payment: TaxPayment,
    present: Callable[..., PresentSection],
    answer_of: Callable[..., SourceAnswer],
    now: datetime,
    extent: Extent,
) -> None:
    """NONE, without a hint that there is something."""
    code = frozenset({TAX})
    served = suppress(
        merge([answer_of({TAX: present(payment, as_of=now - timedelta(days=31))})]),
        extent=replace(extent, asked=code, covered=code, classes=frozenset({DataClass.QUERY})),
        now=now,
    )

    assert isinstance(served.sections[TAX], NoneSection)
