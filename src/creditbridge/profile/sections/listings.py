"""LST: entries on the lists of serious dishonesty."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from creditbridge.profile.codes import DataClass, FlagCode, FlagLevel, FlagState, SectionCode
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.removal import is_newer_inclusion, is_removed
from creditbridge.profile.section import Finding, FlagRule, SectionDefinition, raised_by


class ListType(StrEnum):
    """The lists of the national basic catalogue."""

    JUDGMENT_DEFAULTER = "JUDGMENT_DEFAULTER"
    MAJOR_TAX_VIOLATION = "MAJOR_TAX_VIOLATION"
    MARKET_SERIOUS = "MARKET_SERIOUS"
    WORK_SAFETY = "WORK_SAFETY"
    WAGE_ARREARS = "WAGE_ARREARS"
    GOV_PROCUREMENT = "GOV_PROCUREMENT"
    TRANSPORT = "TRANSPORT"
    FOOD_SAFETY = "FOOD_SAFETY"
    DRUG_SAFETY = "DRUG_SAFETY"
    CULTURE_TOURISM = "CULTURE_TOURISM"
    SOCIAL_ORG = "SOCIAL_ORG"
    STATISTICS = "STATISTICS"
    SECURITIES = "SECURITIES"
    MEDICAL_INSURANCE = "MEDICAL_INSURANCE"
    SOCIAL_INSURANCE = "SOCIAL_INSURANCE"
    CUSTOMS_SERIOUS = "CUSTOMS_SERIOUS"
    FIRE_SAFETY = "FIRE_SAFETY"
    EDU_OFFCAMPUS = "EDU_OFFCAMPUS"
    INTERNET = "INTERNET"
    GEOLOGY = "GEOLOGY"
    OTHER = "OTHER"


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of joint punishment; shown only with its published legal basis (ZJ 28)."""

    code: str
    legal_basis: str | None
    basis_published: bool
    authority: str | None
    since: date | None
    until: date | None


class Listing(RecordBase, frozen=True, kw_only=True, tag="LISTING"):
    """One entry on a list. `removed` is set where the listing organ took it off again."""

    list_type: ListType
    list_text: str
    list_version: str | None
    decision_no: str | None
    included: date | None
    reason: str | None
    basis: str | None
    authority: str
    authority_uscc: str | None
    term_end: date | None
    removed: date | None
    removal_reason: str | None
    measures: tuple[Measure, ...]


def show_listing(record: RecordBase, _today: date, _policy: Policy) -> RecordBase | None:
    """Show an entry still in force, with the measures whose legal basis is published (ZJ 28)."""
    # Taken off by its own organ: not to be shown, whatever a slower feed still says (ZJ 32).
    if not isinstance(record, Listing) or is_removed(record.included, removed=record.removed):
        return None
    measures = tuple(each for each in record.measures if each.legal_basis and each.basis_published)
    return replace(record, measures=measures)


def identify_listing(record: RecordBase) -> tuple[str, ...] | None:
    """Name the decision: authority, list and number; None where the source gives no number."""
    # Without a number two entries may be two decisions: to join them would hide one.
    if not isinstance(record, Listing) or record.decision_no is None:
        return None
    return (record.authority_uscc or record.authority, record.list_text, record.decision_no)


def outlives_removal(lasting: RecordBase, ended: RecordBase) -> bool:
    """Tell whether an entry was made after another of the same decision had been removed (L19)."""
    if not isinstance(lasting, Listing) or not isinstance(ended, Listing):
        return False
    return is_newer_inclusion(lasting.included, removed=ended.removed)


def judge_serious_list(records: Sequence[RecordBase], _today: date, _policy: Policy) -> Finding:
    """Raise on any entry, naming the lists."""
    listings = [record for record in records if isinstance(record, Listing)]
    if not listings:
        return Finding(state=FlagState.CLEAR)
    return Finding(
        state=FlagState.RAISED,
        evidence=tuple(listings),
        types=tuple(sorted({listing.list_type for listing in listings})),
    )


def judge_major_tax(records: Sequence[RecordBase], _today: date, _policy: Policy) -> Finding:
    """Raise on entries of the tax organs' list."""
    return raised_by(
        [
            record
            for record in records
            if isinstance(record, Listing) and record.list_type is ListType.MAJOR_TAX_VIOLATION
        ]
    )


LISTINGS = SectionDefinition(
    code=SectionCode.LST,
    title_zh="严重失信主体名单",
    title_en="lists of serious dishonesty",
    data_class=DataClass.PUBLIC,
    age_max=timedelta(hours=24),
    show=show_listing,
    identify=identify_listing,
    outlives=outlives_removal,
    is_adverse=True,
    flags=(
        FlagRule(code=FlagCode.SERIOUS_LIST, level=FlagLevel.BLOCK, judge=judge_serious_list),
        FlagRule(code=FlagCode.MAJOR_TAX, level=FlagLevel.BLOCK, judge=judge_major_tax),
    ),
)
