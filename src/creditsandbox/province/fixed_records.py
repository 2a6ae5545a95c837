"""What departments hold of the fixed enterprises; days count back from the first of the month."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec

from creditsandbox.province.abnormalities import enter, remove
from creditsandbox.province.codes import PaidState, TaxGrade
from creditsandbox.province.departments import get_department
from creditsandbox.province.draws import Draw
from creditsandbox.province.insurance import list_months, make_month
from creditsandbox.province.judgments import DEFAULTER_LIST, default, fulfil, judge
from creditsandbox.province.licences import get_licence, grant
from creditsandbox.province.model import Entity, Listing
from creditsandbox.province.records import (
    Abnormality,
    InsuranceFile,
    Judgment,
    Licence,
    TaxArrears,
    TaxFile,
    TaxNonNormal,
)
from creditsandbox.province.tables import FixedRow
from creditsandbox.province.taxes import TAX_TYPES, grade_year, list_quarters, pay_quarter

FUND_YUAN_PER_PERSON = 900
TAX_YUAN_PER_PERSON = 1_200
PAID_AFTER_DAYS = 105
MONTHS_OF_YEAR = 12


def build_licences(entity: Entity, row: FixedRow, *, month: date) -> tuple[Licence, ...]:
    """Return the licences of a fixed enterprise."""
    return tuple(
        grant(
            entity,
            get_licence(each.licence),
            decided_on=month - timedelta(days=each.days),
            number=each.days,
        )
        for each in row.licences
    )


def build_abnormalities(entity: Entity, row: FixedRow, *, month: date) -> tuple[Abnormality, ...]:
    """Return the entries among the abnormal of a fixed enterprise."""
    entries = (
        (
            enter(
                entity,
                each.reason,
                included_on=month - timedelta(days=each.days),
                number=each.days,
            ),
            each.removed_days,
        )
        for each in row.abnormalities
    )
    return tuple(
        entry if days is None else remove(entry, removed_on=month - timedelta(days=days))
        for entry, days in entries
    )


def build_judgments(
    entity: Entity, row: FixedRow, listings: tuple[Listing, ...], *, month: date
) -> tuple[Judgment, ...]:
    """Return the judgments of a fixed enterprise, those behind its listings first."""
    defaulted = [default(entity, each) for each in listings if each.list_type == DEFAULTER_LIST]
    for each in row.judgments:
        published_on = month - timedelta(days=each.days)
        judgment = judge(
            entity,
            Draw("fixed-judgment", row.body, each.days),
            filed_on=published_on - timedelta(days=60),
            amount=Decimal(each.amount_yuan),
        )
        judgment = msgspec.structs.replace(judgment, published_on=published_on)
        if each.fulfilled_days is not None:
            judgment = fulfil(judgment, on=month - timedelta(days=each.fulfilled_days))
        defaulted.append(judgment)
    return tuple(defaulted)


def build_tax(entity: Entity, row: FixedRow, *, month: date) -> TaxFile:
    """Return the tax office's file; the newest grade is that of the last year graded by then."""
    newest = month.year - (1 if month >= date(month.year, 5, 1) else 2)
    amount = Decimal(TAX_YUAN_PER_PERSON * row.insured)
    quarters = ((first, first + timedelta(days=PAID_AFTER_DAYS)) for first in list_quarters(month))
    return TaxFile(
        authority=get_department("TAX", city=entity.city),
        years=tuple(
            grade_year(newest - place, TaxGrade(grade))
            for place, grade in enumerate(row.tax_grades)
        ),
        arrears=build_arrears(row, month=month),
        non_normal=build_non_normal(row, month=month),
        payments=tuple(
            pay_quarter(first, amount, paid_on=paid_on)
            for first, paid_on in quarters
            if paid_on <= month
        ),
    )


def build_arrears(row: FixedRow, *, month: date) -> tuple[TaxArrears, ...]:
    """Return what a fixed enterprise owes, announced on the first of the month before."""
    if not row.arrears_yuan:
        return ()
    announced_on = (month - timedelta(days=1)).replace(day=1)
    balance = Decimal(row.arrears_yuan)
    return (TaxArrears(tax_type=TAX_TYPES[0], balance=balance, announced_on=announced_on),)


def build_non_normal(row: FixedRow, *, month: date) -> tuple[TaxNonNormal, ...]:
    """Return since when the tax office cannot reach a fixed enterprise."""
    if row.non_normal_days is None:
        return ()
    recognised_on = month - timedelta(days=row.non_normal_days)
    return (TaxNonNormal(recognised_on=recognised_on, released_on=None),)


def build_insurance(entity: Entity, row: FixedRow, *, month: date) -> InsuranceFile:
    """Return two years of months, all paid; the head-count may have changed within the last."""
    before = row.insured if row.insured_before is None else row.insured_before
    return InsuranceFile(
        authority=get_department("LABOUR", city=entity.city),
        months=tuple(
            make_month(
                year,
                number,
                insured=row.insured if place < MONTHS_OF_YEAR else before,
                state=PaidState.PAID,
                per_head=FUND_YUAN_PER_PERSON,
            )
            for place, (year, number) in enumerate(list_months(entity.established_on, on=month))
        ),
    )
