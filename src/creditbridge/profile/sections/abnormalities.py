"""ABN: entries among the abnormal, and the marks that sole proprietors have in their place."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from creditbridge.profile.codes import DataClass, FlagCode, FlagLevel, SectionCode
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.removal import is_newer_inclusion, is_removed
from creditbridge.profile.section import Finding, FlagRule, SectionDefinition, raised_by


class AbnormalityReason(StrEnum):
    """Why an entity was entered."""

    NO_ANNUAL_REPORT = "NO_ANNUAL_REPORT"
    NO_DISCLOSURE_WITHIN_ORDER = "NO_DISCLOSURE_WITHIN_ORDER"
    FALSE_DISCLOSURE = "FALSE_DISCLOSURE"
    UNREACHABLE = "UNREACHABLE"
    OTHER = "OTHER"


class Abnormality(RecordBase, frozen=True, kw_only=True, tag="ABNORMALITY"):
    """One entry, `is_mark` where it is a sole proprietor's; `reason_text` is the source's word."""

    decision_no: str | None
    is_mark: bool
    reason: AbnormalityReason
    reason_text: str
    included: date | None
    authority: str
    authority_uscc: str | None
    removed: date | None
    removal_reason: str | None
    removal_authority: str | None


def show_abnormality(record: RecordBase, _today: date, _policy: Policy) -> RecordBase | None:
    """Show an entry that stands; one that was removed is not shown, whatever a feed still says."""
    if not isinstance(record, Abnormality):
        return None
    return None if is_removed(record.included, removed=record.removed) else record


def identify_abnormality(record: RecordBase) -> tuple[str, ...] | None:
    """Name the decision: its authority and number; None where the source gives no number."""
    if not isinstance(record, Abnormality) or record.decision_no is None:
        return None
    return (record.authority_uscc or record.authority, record.decision_no)


def outlives_removal(lasting: RecordBase, ended: RecordBase) -> bool:
    """Tell whether an entry was made after another of the same decision had been removed (L19)."""
    if not isinstance(lasting, Abnormality) or not isinstance(ended, Abnormality):
        return False
    return is_newer_inclusion(lasting.included, removed=ended.removed)


def judge_active(records: Sequence[RecordBase], _today: date, _policy: Policy) -> Finding:
    """Raise on any entry: what is counted here stands."""
    return raised_by([record for record in records if isinstance(record, Abnormality)])


ABNORMALITIES = SectionDefinition(
    code=SectionCode.ABN,
    title_zh="经营异常",
    title_en="abnormal business",
    data_class=DataClass.PUBLIC,
    age_max=timedelta(hours=24),
    show=show_abnormality,
    identify=identify_abnormality,
    outlives=outlives_removal,
    is_adverse=True,
    flags=(FlagRule(code=FlagCode.ABNORMAL_ACTIVE, level=FlagLevel.HIGH, judge=judge_active),),
)
