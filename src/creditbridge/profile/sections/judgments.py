"""JUD: entries of the courts' list of defaulters, and judgments not performed: two sources.

The second is wider, and most of it never leads to the list; so the two are never one record, and
each has its own flag.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from creditbridge.profile.amount import CNY, Amount
from creditbridge.profile.codes import DataClass, FlagCode, FlagLevel, FlagState, SectionCode
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.removal import is_newer_inclusion, is_removed
from creditbridge.profile.section import Finding, FlagRule, SectionDefinition, raised_by


class Performance(StrEnum):
    """How much of a judgment was performed."""

    NONE_PERFORMED = "NONE_PERFORMED"
    PARTLY = "PARTLY"
    FULLY = "FULLY"
    OTHER = "OTHER"


class Defaulter(RecordBase, frozen=True, kw_only=True, tag="DEFAULTER"):
    """An entry of the list of defaulters (SPC 2013); off it since `removed`."""

    case_no: str
    court: str
    filed: date | None
    included: date | None
    basis: str | None
    duty: str | None
    performance: Performance
    performance_text: str | None
    conduct: str | None
    removed: date | None


class UnfulfilledJudgment(RecordBase, frozen=True, kw_only=True, tag="UNFULFILLED_JUDGMENT"):
    """A judgment that is being enforced. Amounts are in 元; `performance` is None where untold."""

    case_no: str
    court: str
    cause: str | None
    amount: Amount | None
    unperformed: Amount | None
    performance: Performance | None
    filed: date | None
    published: date | None
    fulfilled: date | None


def show_judgment(record: RecordBase, _today: date, _policy: Policy) -> RecordBase | None:
    """Show an entry that stands, and a judgment that nobody has performed since."""
    match record:
        case Defaulter():
            return None if is_removed(record.included, removed=record.removed) else record
        case UnfulfilledJudgment():
            return None if record.fulfilled is not None else record
        case _:
            return None


def identify_judgment(record: RecordBase) -> tuple[str, ...] | None:
    """Name the case, by its source: the list's entry and the judgment behind it stay two."""
    if isinstance(record, Defaulter | UnfulfilledJudgment):
        return (type(record).__name__, record.court, plain_case_no(record.case_no))
    return None


def plain_case_no(case_no: str) -> str:
    """Return a case number as it is compared: brackets of one width, no blanks."""
    return "".join(case_no.split()).translate({ord("（"): "(", ord("）"): ")"})


def agree_on_judgment(one: RecordBase, other: RecordBase) -> bool:
    """Tell whether two copies of a judgment say the same of what is owed."""
    if not isinstance(one, UnfulfilledJudgment) or not isinstance(other, UnfulfilledJudgment):
        return True
    owed, left = _yuan(one.amount), _yuan(one.unperformed)
    return (owed, left) == (_yuan(other.amount), _yuan(other.unperformed))


def outlives_removal(lasting: RecordBase, ended: RecordBase) -> bool:
    """Tell whether an entry was made after its case had been taken off the list (SPC 7; L19)."""
    if not isinstance(lasting, Defaulter) or not isinstance(ended, Defaulter):
        return False
    return is_newer_inclusion(lasting.included, removed=ended.removed)


def judge_defaulter(records: Sequence[RecordBase], _today: date, _policy: Policy) -> Finding:
    """Raise on any entry of the list of defaulters."""
    return raised_by([record for record in records if isinstance(record, Defaulter)])


def judge_unfulfilled(records: Sequence[RecordBase], _today: date, _policy: Policy) -> Finding:
    """Raise on judgments of which something is still owed, with how much that is in all."""
    judgments = [record for record in records if isinstance(record, UnfulfilledJudgment)]
    open_ones = [each for each in judgments if each.performance is not Performance.FULLY]
    if not open_ones:
        return Finding(state=FlagState.CLEAR)
    owed = [_yuan(each.unperformed) for each in open_ones]
    known = [each for each in owed if each is not None]
    # A sum over what is known would look like the whole.
    amount = sum(known, Decimal(0)) if len(known) == len(owed) else None
    return Finding(state=FlagState.RAISED, evidence=tuple(open_ones), amount=amount)


def _yuan(amount: Amount | None) -> Decimal | None:
    return amount.value if amount is not None and amount.currency == CNY else None


JUDGMENTS = SectionDefinition(
    code=SectionCode.JUD,
    title_zh="司法信息",
    title_en="judgments",
    data_class=DataClass.QUERY,
    age_max=timedelta(hours=24),
    show=show_judgment,
    identify=identify_judgment,
    agree=agree_on_judgment,
    outlives=outlives_removal,
    is_adverse=True,
    flags=(
        FlagRule(code=FlagCode.JUDGMENT_DEFAULTER, level=FlagLevel.BLOCK, judge=judge_defaulter),
        FlagRule(code=FlagCode.UNFULFILLED_JUDGMENT, level=FlagLevel.HIGH, judge=judge_unfulfilled),
    ),
)
