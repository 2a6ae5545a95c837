"""SOC: social insurance and housing fund by month: how many are insured, and whether it is paid.

COMMERCIAL as a whole: without a consent that names that class the section is not read.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import DataClass, FlagCode, FlagLevel, FlagState, SectionCode
from creditbridge.profile.dates import MONTHS_PER_YEAR
from creditbridge.profile.months import YearMonth, months_before
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.section import Finding, FlagRule, SectionDefinition, show_as_is

PERCENT = 100


class PaidState(StrEnum):
    """Whether a month's contributions were paid."""

    PAID = "PAID"
    OWED = "OWED"
    OTHER = "OTHER"


class InsuredMonth(RecordBase, frozen=True, kw_only=True, tag="INSURED_MONTH"):
    """One month; what the fund does not know is None. The fund's amount is in 元."""

    month: YearMonth
    insured: int | None
    paid_state: PaidState
    paid_text: str | None
    fund_persons: int | None
    fund_amount: Amount | None
    authority: str


def identify_month(record: RecordBase) -> tuple[str, ...] | None:
    """Name the month, and the office that counted."""
    if not isinstance(record, InsuredMonth):
        return None
    return (record.authority, str(record.month.year), str(record.month.month))


def agree_on_heads(one: RecordBase, other: RecordBase) -> bool:
    """Tell whether two copies of a month count the same heads."""
    if not isinstance(one, InsuredMonth) or not isinstance(other, InsuredMonth):
        return True
    return one.insured == other.insured


def judge_headcount(records: Sequence[RecordBase], _today: date, policy: Policy) -> Finding:
    """Raise where the newest month has fewer insured, by the policy's percentage, than a year ago.

    The same month of the year before, so that a season is no fall. Without both months, each
    counted once, nobody can tell.
    """
    months = [record for record in records if isinstance(record, InsuredMonth)]
    newest = max((each.month for each in months), default=None)
    if newest is None:
        return Finding(state=FlagState.INDETERMINATE)
    now, then = (
        [each for each in months if each.month == month]
        for month in (newest, months_before(newest, MONTHS_PER_YEAR))
    )
    if len(now) != 1 or len(then) != 1:
        return Finding(state=FlagState.INDETERMINATE)
    heads, before = now[0].insured, then[0].insured
    if heads is None or before is None:
        return Finding(state=FlagState.INDETERMINATE)
    # In whole numbers: a fall of exactly the percentage is one, and from nobody there is none.
    limit = before * policy.headcount_drop_percent
    if before == 0 or (before - heads) * PERCENT < limit:
        return Finding(state=FlagState.CLEAR)
    return Finding(state=FlagState.RAISED, evidence=(now[0], then[0]))


INSURANCE = SectionDefinition(
    code=SectionCode.SOC,
    title_zh="社保和公积金",
    title_en="social insurance and housing fund",
    data_class=DataClass.COMMERCIAL,
    age_max=timedelta(days=31),
    show=show_as_is,
    identify=identify_month,
    agree=agree_on_heads,
    flags=(
        FlagRule(code=FlagCode.HEADCOUNT_DROP_30PCT, level=FlagLevel.WATCH, judge=judge_headcount),
    ),
)
