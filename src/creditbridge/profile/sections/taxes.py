"""TAX: grades by year, arrears, who cannot be reached, and what was paid.

Only grade A is public; other grades, arrears and the rest are QUERY, and what was paid is
COMMERCIAL: a consent that does not name that class opens everything but the payments.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeAlias

from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import DataClass, FlagCode, FlagLevel, FlagState, SectionCode
from creditbridge.profile.dates import MONTHS_PER_YEAR, add_months
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.removal import is_newer_inclusion, is_removed
from creditbridge.profile.section import Finding, FlagRule, SectionDefinition, raised_by


class TaxGrade(StrEnum):
    """A taxpayer's grade of a year; OTHER is a letter that no scheme here knows."""

    A = "A"
    B = "B"
    M = "M"
    C = "C"
    D = "D"
    OTHER = "OTHER"


class TaxCredit(RecordBase, frozen=True, kw_only=True, tag="TAX_CREDIT"):
    """The grade of a year, under the scheme of the day on which it was made."""

    year: int
    scheme: str
    grade: TaxGrade
    grade_text: str
    evaluated: date | None
    authority: str


class TaxArrears(RecordBase, frozen=True, kw_only=True, tag="TAX_ARREARS"):
    """What of one tax is owed."""

    tax_type: str
    balance: Amount | None
    announced: date | None
    authority: str


class TaxNonNormal(RecordBase, frozen=True, kw_only=True, tag="TAX_NON_NORMAL"):
    """A taxpayer who could not be reached; over since `released`."""

    recognised: date | None
    released: date | None
    authority: str


class TaxPayment(RecordBase, frozen=True, kw_only=True, tag="TAX_PAYMENT"):
    """What was paid for a period."""

    item: str
    period_from: date | None
    period_to: date | None
    amount: Amount | None
    paid: date | None
    authority: str


TaxRecord: TypeAlias = TaxCredit | TaxArrears | TaxNonNormal | TaxPayment


def show_tax(record: RecordBase, _today: date, _policy: Policy) -> RecordBase | None:
    """Show what the tax office holds but for those who were found again."""
    match record:
        case TaxNonNormal():
            return None if is_removed(record.recognised, removed=record.released) else record
        case TaxCredit() | TaxArrears() | TaxPayment():
            return record
        case _:
            return None


def identify_tax(record: RecordBase) -> tuple[str, ...] | None:
    """Name what a record says by its kind: a grade by its year, arrears by the tax."""
    match record:
        case TaxCredit():
            return ("GRADE", record.scheme, str(record.year))
        case TaxArrears():
            return ("ARREARS", record.authority, record.tax_type)
        case TaxNonNormal():
            return ("NON_NORMAL", record.authority)
        case TaxPayment():
            period = (str(record.period_from), str(record.period_to), str(record.paid))
            return ("PAYMENT", record.authority, record.item, *period)
        case _:
            return None


def agree_on_tax(one: RecordBase, other: RecordBase) -> bool:
    """Tell whether two copies say the same letter, or the same amount."""
    match one, other:
        case TaxCredit(), TaxCredit():
            return one.grade is other.grade
        case TaxArrears(), TaxArrears():
            return _equal(one.balance, other.balance)
        case TaxPayment(), TaxPayment():
            return _equal(one.amount, other.amount)
        case _:
            return True


def outlives_release(lasting: RecordBase, ended: RecordBase) -> bool:
    """Tell whether somebody was lost again after having been found (L19)."""
    if not isinstance(lasting, TaxNonNormal) or not isinstance(ended, TaxNonNormal):
        return False
    return is_newer_inclusion(lasting.recognised, removed=ended.released)


def judge_d(records: Sequence[RecordBase], today: date, _policy: Policy) -> Finding:
    """Raise on grade D in the latest year that was graded."""
    return _judge_grade(TaxGrade.D, records, today)


def judge_c(records: Sequence[RecordBase], today: date, _policy: Policy) -> Finding:
    """Raise on grade C in the latest year that was graded."""
    return _judge_grade(TaxGrade.C, records, today)


def judge_arrears(records: Sequence[RecordBase], _today: date, _policy: Policy) -> Finding:
    """Raise on whatever is owed; arrears whose balance nobody can read are arrears."""
    arrears = (record for record in records if isinstance(record, TaxArrears))
    return raised_by([each for each in arrears if each.balance is None or each.balance.value > 0])


def judge_non_normal(records: Sequence[RecordBase], _today: date, _policy: Policy) -> Finding:
    """Raise on who could not be reached, and has not been found since."""
    return raised_by([record for record in records if isinstance(record, TaxNonNormal)])


def _judge_grade(letter: TaxGrade, records: Sequence[RecordBase], today: date) -> Finding:
    grades = [record for record in records if isinstance(record, TaxCredit)]
    newest = max((each.year for each in grades), default=None)
    latest = [each for each in grades if each.year == newest]
    found = [each for each in latest if each.grade is letter]
    if found:
        return raised_by(found)
    # No grade for a year is normal; an old one, or a letter that nobody reads, clears nothing.
    is_sure = all(each.grade is not TaxGrade.OTHER and _is_recent(each, today) for each in latest)
    return Finding(state=FlagState.CLEAR if is_sure else FlagState.INDETERMINATE)


def _is_recent(credit: TaxCredit, today: date) -> bool:
    """Tell whether a grade is at most a year old: then the next one is due."""
    made = credit.evaluated
    return made is not None and today <= add_months(made, MONTHS_PER_YEAR)


def _equal(one: Amount | None, other: Amount | None) -> bool:
    # What one copy does not tell, it does not contradict.
    if one is None or other is None:
        return True
    return (one.value, one.currency) == (other.value, other.currency)


TAXES = SectionDefinition(
    code=SectionCode.TAX,
    title_zh="税务信息",
    title_en="taxes",
    data_class=DataClass.QUERY,
    # Of arrears; a grade, whose year is in the record, may be older (`judge_d`).
    age_max=timedelta(days=31),
    show=show_tax,
    identify=identify_tax,
    agree=agree_on_tax,
    outlives=outlives_release,
    is_adverse=True,
    flags=(
        FlagRule(code=FlagCode.TAX_D, level=FlagLevel.HIGH, judge=judge_d),
        FlagRule(code=FlagCode.TAX_C, level=FlagLevel.WATCH, judge=judge_c),
        FlagRule(code=FlagCode.TAX_ARREARS, level=FlagLevel.HIGH, judge=judge_arrears),
        FlagRule(code=FlagCode.TAX_NON_NORMAL, level=FlagLevel.HIGH, judge=judge_non_normal),
    ),
)
