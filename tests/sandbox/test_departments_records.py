"""Licences, abnormalities, judgments, taxes and insurance: histories that make sense."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from creditsandbox.province.codes import (
    AbnormalityReason,
    Category,
    JudgmentKind,
    LicenceState,
    PaidState,
    Performance,
    TaxGrade,
)
from creditsandbox.province.fixed import Outcome, build_fixed, list_fixed
from creditsandbox.province.licences import get_licence, grant
from creditsandbox.province.model import Enterprise
from creditsandbox.province.population import Province

TODAY = date(2026, 11, 21)
SAMPLE = 2_500


@pytest.fixture(scope="module")
def enterprises() -> list[Enterprise]:
    """Return the files of the first entities of the province."""
    province = Province(size=SAMPLE)
    found = [province.find_enterprise(uscc, on=TODAY) for uscc in province.list_codes()]
    return [enterprise for enterprise in found if enterprise is not None]


def fixed(outcome: Outcome) -> Enterprise:
    """Return the file of a fixed enterprise."""
    uscc = next(each.uscc for each in list_fixed() if each.outcome is outcome)
    return build_fixed(TODAY)[uscc]


def test_a_licence_is_valid_through_its_last_day() -> None:
    """On the last day it is valid, on the next it has expired; one without an end never does."""
    entity = fixed(Outcome.FOUND).entity
    licence = grant(entity, get_licence("SAFETY"), decided_on=date(2023, 1, 1), number=7)
    endless = grant(entity, get_licence("STAFFING"), decided_on=date(2003, 1, 1), number=8)

    assert licence.valid_to is not None
    assert licence.state_on(licence.valid_to) is LicenceState.VALID
    assert licence.state_on(licence.valid_to + timedelta(days=1)) is LicenceState.EXPIRED
    assert endless.valid_to is None
    assert endless.state_on(date(2099, 1, 1)) is LicenceState.VALID


def test_licences_are_valid_expired_and_revoked(enterprises: list[Enterprise]) -> None:
    """Most are valid, some were not renewed, and those that a penalty took are revoked."""
    licences = [licence for each in enterprises for licence in each.licences]
    states = [licence.state_on(TODAY) for licence in licences]

    assert states.count(LicenceState.VALID) > 0.7 * len(states)
    assert states.count(LicenceState.EXPIRED) > 10


def test_a_final_penalty_revokes_the_licence_that_it_names() -> None:
    """Somewhere among ten thousand a licence fell to a penalty, on the penalty's own day."""
    province = Province()
    for uscc in province.list_codes():
        each = province.find_enterprise(uscc, on=TODAY)
        revoked = [] if each is None else [x for x in each.licences if x.revoked_on]
        if each is not None and revoked:
            assert revoked[0].revoked_on in {penalty.decided_on for penalty in each.penalties}
            assert revoked[0].state_on(TODAY) is LicenceState.REVOKED
            break
    else:
        pytest.fail("no licence was revoked")


def test_an_annual_report_is_missed_in_july(enterprises: list[Enterprise]) -> None:
    """Who sends none by the end of June is entered in July."""
    entries = [entry for each in enterprises for entry in each.abnormalities]
    missed = [entry for entry in entries if entry.reason is AbnormalityReason.NO_ANNUAL_REPORT]

    assert missed
    assert {entry.included_on.month for entry in missed} == {7}
    assert {entry.reason for entry in entries} == set(AbnormalityReason)


def test_a_removed_entry_says_why_and_a_sole_proprietor_has_a_mark(
    enterprises: list[Enterprise],
) -> None:
    """Removal day and reason come together; marks are those of sole proprietors alone."""
    for each in enterprises:
        for entry in each.abnormalities:
            assert (entry.removed_on is None) == (entry.remove_reason is None)
            assert entry.removed_on is None or entry.included_on < entry.removed_on <= TODAY
            assert entry.is_mark == (each.entity.category is Category.SOLE_PROPRIETOR)


def test_three_years_among_the_abnormal_lead_to_the_serious_list(
    enterprises: list[Enterprise],
) -> None:
    """Whoever stands there for three years is listed by the market's regulator."""
    left = [
        (each, entry)
        for each in enterprises
        for entry in each.abnormalities
        if entry.removed_on is None
        and not entry.is_mark
        and entry.included_on + timedelta(days=3 * 365) <= (each.registration.status_since or TODAY)
    ]

    assert left
    for each, entry in left:
        day = entry.included_on + timedelta(days=3 * 365)
        assert ("MARKET_SERIOUS", day) in {(x.list_type, x.included_on) for x in each.listings}


def test_every_defaulter_has_the_judgment_behind_the_listing(
    enterprises: list[Enterprise],
) -> None:
    """The two stand and fall together: the same days of inclusion and of removal."""
    for each in enterprises:
        listed = sorted(
            (entry.included_on, entry.removed_on or date.max)
            for entry in each.listings
            if entry.list_type == "JUDGMENT_DEFAULTER"
        )
        judged = sorted(
            (judgment.published_on, judgment.removed_on or date.max)
            for judgment in each.judgments
            if judgment.kind is JudgmentKind.DEFAULTER
        )
        assert listed == judged


def test_what_is_unperformed_fits_the_performance(enterprises: list[Enterprise]) -> None:
    """All, a part, or nothing is left of the amount."""
    judgments = [judgment for each in enterprises for judgment in each.judgments]

    assert {judgment.performance for judgment in judgments} == set(Performance)
    for judgment in judgments:
        left = judgment.unperformed
        fits = {
            Performance.NONE_PERFORMED: left == judgment.amount,
            Performance.PARTLY: 0 < left < judgment.amount,
            Performance.FULLY: left == 0 and judgment.fulfilled_on is not None,
        }
        assert fits[judgment.performance]
        assert "（" in judgment.case_no
        assert judgment.court.endswith("人民法院")


def test_arrears_and_a_tax_listing_spoil_the_grade(enterprises: list[Enterprise]) -> None:
    """A graded year with arrears is C or D; without, it is A, B or M; a listing makes it D."""
    for each in enterprises:
        years = () if each.tax is None else each.tax.years
        listed = {x.included_on.year for x in each.listings if x.list_type == "MAJOR_TAX_VIOLATION"}
        assert all(row.grade is TaxGrade.D for row in years if row.year in listed)
    grades = [row.grade for each in enterprises if each.tax for row in each.tax.years]

    assert set(grades) == set(TaxGrade)
    assert grades.count(TaxGrade.B) > len(grades) / 2


def test_a_grade_is_of_the_scheme_of_its_day(enterprises: list[Enterprise]) -> None:
    """Grades made since July 2025 are of the newer scheme, and none before a year is over."""
    rows = [row for each in enterprises if each.tax for row in each.tax.years]

    assert {row.scheme for row in rows} == {"TAX_CREDIT", "TAX_CREDIT-2014"}
    for row in rows:
        assert (row.scheme == "TAX_CREDIT") == (row.evaluated_on >= date(2025, 7, 1))
        assert row.evaluated_on.year == row.year + 1


def test_arrears_stand_in_the_file_of_who_owes(enterprises: list[Enterprise]) -> None:
    """The balance is the amount that evaluation looks at."""
    for each in enterprises:
        if each.tax is not None:
            assert sum(row.balance for row in each.tax.arrears) == each.tax_arrears


def test_quarters_and_months_are_whole_and_after_the_founding(
    enterprises: list[Enterprise],
) -> None:
    """Paid quarters are whole quarters; months stand without a gap, the newest first."""
    for each in enterprises:
        born = each.entity.established_on
        for payment in each.tax.payments if each.tax else ():
            assert payment.period_from.month in (1, 4, 7, 10)
            assert (payment.period_to + timedelta(days=1)).day == 1
            assert 89 <= (payment.period_to - payment.period_from).days <= 91
            assert born < payment.period_from < payment.paid_on <= TODAY
        months = each.insurance.months if each.insurance else ()
        counts = [month.year * 12 + month.month for month in months]
        assert counts == list(range(counts[0], counts[-1] - 1, -1)) if counts else not months
        assert all(month.received_on <= TODAY and month.received_on > born for month in months)


def test_who_owes_taxes_owes_insurance_more_often(enterprises: list[Enterprise]) -> None:
    """Months are unpaid at least ten times as often where taxes are owed."""

    def share(*, owing: bool) -> float:
        months = [
            month.state is PaidState.OWED
            for each in enterprises
            if each.insurance is not None and bool(each.tax_arrears) is owing
            for month in each.insurance.months
            if month.year == TODAY.year
        ]
        return sum(months) / len(months)

    assert share(owing=True) > 10 * share(owing=False)


def test_some_headcounts_fall_by_a_third(enterprises: list[Enterprise]) -> None:
    """Troubled entities shrink: what a year ago were a hundred are fewer than seventy."""
    fallen = [
        each
        for each in enterprises
        if each.insurance is not None
        and len(each.insurance.months) > 12
        and each.insurance.months[12].insured > 10
        and each.insurance.months[0].insured < 0.7 * each.insurance.months[12].insured
    ]

    assert fallen


def test_a_fixed_enterprise_has_records_of_every_department() -> None:
    """FOUND: two licences, an old entry, a performed judgment, grades, two years of months."""
    each = fixed(Outcome.FOUND)

    assert [x.document_name for x in each.licences] == ["排污许可证", "安全生产许可证"]
    assert all(x.state_on(TODAY) is LicenceState.VALID for x in each.licences)
    assert [x.removed_on is None for x in each.abnormalities] == [False]
    assert [x.performance for x in each.judgments] == [Performance.FULLY]
    assert each.tax is not None
    assert [row.grade.value for row in each.tax.years] == list("BABBB")
    assert each.insurance is not None
    assert [month.insured for month in each.insurance.months] == [86] * 24


def test_a_fixed_defaulter_owes_and_the_dissolved_have_no_files() -> None:
    """SERIOUS_LIST has a defaulter's and an unfulfilled judgment, D; DISSOLVED nothing at all."""
    each, gone = fixed(Outcome.SERIOUS_LIST), fixed(Outcome.DISSOLVED)

    assert [x.kind.value for x in each.judgments] == ["DEFAULTER", "UNFULFILLED"]
    assert each.judgments[1].unperformed == Decimal(1_200_000)
    assert each.tax is not None
    assert each.tax.years[0].grade is TaxGrade.D
    assert (gone.tax, gone.insurance, gone.judgments) == (None, None, ())
