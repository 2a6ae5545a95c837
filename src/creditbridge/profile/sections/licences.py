"""LIC: administrative licences, each with how it stands on the day of delivery.

No person's name: a licence of a natural person is PERSONAL as a whole.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec.structs import replace

from creditbridge.profile.codes import DataClass, FlagCode, FlagLevel, FlagState, SectionCode
from creditbridge.profile.policy import Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.section import Finding, FlagRule, SectionDefinition


class LicenceCategory(StrEnum):
    """What kind of licence it is; the values are those of the national feed of 2019."""

    ORDINARY = "01"
    CONCESSION = "02"
    ACCREDITATION = "03"
    VERIFICATION = "04"
    REGISTRATION = "05"
    OTHER = "06"


class LicenceStatus(StrEnum):
    """How a licence stands on a day; UNKNOWN where its source does not say until when it holds."""

    VALID = "VALID"
    EXPIRING = "EXPIRING"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    UNKNOWN = "UNKNOWN"


# In force, or nobody can say that it is not.
LASTING = frozenset({LicenceStatus.VALID, LicenceStatus.EXPIRING})
ENDED = frozenset({LicenceStatus.EXPIRED, LicenceStatus.REVOKED})


class Licence(RecordBase, frozen=True, kw_only=True, tag="LICENCE"):
    """One licence. `valid_until` of the record is its last day; `is_open_ended` where it has none.

    `status` is derived at delivery; before that it is UNKNOWN.
    """

    document_no: str | None
    document_name: str | None
    certificate_no: str | None
    category: LicenceCategory
    category_text: str
    content: str | None
    decided: date | None
    is_open_ended: bool
    revoked: date | None
    authority: str
    authority_uscc: str | None
    status: LicenceStatus = LicenceStatus.UNKNOWN


def status_of(licence: Licence, today: date, policy: Policy) -> LicenceStatus:
    """Return how a licence stands on a day in China: its last day belongs to it."""
    if licence.revoked is not None and licence.revoked <= today:
        return LicenceStatus.REVOKED
    if licence.valid_until is None:
        # A date that nobody can read is not "no end": only the source's own word for that is.
        return LicenceStatus.VALID if licence.is_open_ended else LicenceStatus.UNKNOWN
    if licence.valid_until < today:
        return LicenceStatus.EXPIRED
    is_expiring = licence.valid_until <= today + timedelta(days=policy.expiring_days)
    return LicenceStatus.EXPIRING if is_expiring else LicenceStatus.VALID


def show_licence(record: RecordBase, today: date, policy: Policy) -> RecordBase | None:
    """Show a licence with how it stands today."""
    if not isinstance(record, Licence):
        return None
    return replace(record, status=status_of(record, today, policy))


def identify_licence(record: RecordBase) -> tuple[str, ...] | None:
    """Name the decision: its authority and number; None where the source gives no number."""
    if not isinstance(record, Licence) or record.document_no is None:
        return None
    return (record.authority_uscc or record.authority, record.document_no)


def judge_expired(records: Sequence[RecordBase], _today: date, _policy: Policy) -> Finding:
    """Raise on licences that ended, and that no later grant of the same name has replaced.

    `types` says how they ended. Which of them a business needs, no source tells.
    """
    licences = [record for record in records if isinstance(record, Licence)]
    held = {each.document_name for each in licences if each.status in LASTING} - {None}
    left = [each for each in licences if each.document_name not in held]
    ended = [each for each in left if each.status in ENDED]
    if ended:
        types = tuple(sorted({each.status for each in ended}))
        return Finding(state=FlagState.RAISED, evidence=tuple(ended), types=types)
    is_known = all(each.status is not LicenceStatus.UNKNOWN for each in left)
    return Finding(state=FlagState.CLEAR if is_known else FlagState.INDETERMINATE)


LICENCES = SectionDefinition(
    code=SectionCode.LIC,
    title_zh="行政许可",
    title_en="administrative licences",
    data_class=DataClass.PUBLIC,
    age_max=timedelta(hours=24),
    show=show_licence,
    identify=identify_licence,
    flags=(FlagRule(code=FlagCode.LICENCE_EXPIRED, level=FlagLevel.WATCH, judge=judge_expired),),
)
