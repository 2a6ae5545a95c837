"""The one credit profile: its envelope, its sections, and the shapes on the way to it.

    SourceAnswer, one per platform -> merge -> Merged -> suppress -> Served -> flag, build, seal

Sealed profiles outlive us at the banks: add fields with a default, never rename.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec

from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.profile.classes import OPEN_CLASSES
from creditbridge.profile.codes import (
    Assurance,
    DataClass,
    ErrorClass,
    FlagCode,
    FlagLevel,
    FlagState,
    KeyPosition,
    OmissionReason,
    Purpose,
    QualityCode,
    SectionCode,
)
from creditbridge.profile.masking import is_masked
from creditbridge.profile.persons import CoveredPerson
from creditbridge.profile.record import Match
from creditbridge.profile.sections import KeyPersonRecord, Record, Registration
from creditbridge.protocols.uscc import EntityCategory

# In every sealed profile: it changes with the meaning of a member, not with a new optional one.
SCHEMA_VERSION = "1.0"
DISCLAIMER = (
    "本报告汇集公共信用信息，仅供参考，不构成授信或者其他决定。"
    "For reference only: facts held by public sources, neither a lending decision nor advice."
)


class DisclaimerMissing(CreditbridgeError):
    """A profile was about to be built without its disclaimer (CRR 23, 24)."""

    code = "disclaimer-missing"
    message = "A profile must say that it is for reference only."


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A platform that answered; `answer_digest` is SHA-256 of the answer's body, in hex."""

    platform: str
    query_id: str
    answered_at: datetime
    assurance: Assurance
    answer_digest: str


class PresentSection(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="PRESENT"):
    """The source answered with records. `sources` are platform ids, details in the envelope."""

    records: tuple[Record, ...]
    as_of: datetime
    sources: tuple[str, ...]


class NoneSection(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="NONE"):
    """The source answered: no record."""

    as_of: datetime
    sources: tuple[str, ...]


class UnknownSection(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="UNKNOWN"):
    """Asked, but nobody knows. There is no list here, so that nobody can read it as empty."""

    error_class: ErrorClass
    last_good_at: datetime | None = None


class StaleSection(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="STALE"):
    """Older than the section's age limit; `records` None means "none as of"."""

    records: tuple[Record, ...] | None
    as_of: datetime
    age_seconds: int
    sources: tuple[str, ...]


Section: TypeAlias = PresentSection | NoneSection | UnknownSection | StaleSection
SourceSection: TypeAlias = PresentSection | NoneSection | UnknownSection


class QualityNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader must know about a value; `section` None speaks of the subject."""

    code: QualityCode
    section: SectionCode | None = None
    record_id: str | None = None
    field: str | None = None


class Omission(msgspec.Struct, frozen=True, kw_only=True):
    """A section that was asked for and is not here, and why."""

    code: SectionCode
    reason: OmissionReason


class Unconfirmed(msgspec.Struct, frozen=True, kw_only=True):
    """A record that matches by name alone: shown apart, in no flag and no count."""

    section: SectionCode
    record: Record


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A fact worth attention, with its evidence (record ids); `types` names kinds, as of lists.

    `amount`, in CNY, is what the evidence adds up to, where it is about money and all of it known;
    `ratio_to_capital` is that amount through the registered capital, to four decimals.
    """

    code: FlagCode
    level: FlagLevel
    state: FlagState
    disputed: bool
    evidence: tuple[str, ...]
    computed_from: tuple[SectionCode, ...]
    rule_version: str
    types: tuple[str, ...] = ()
    amount: Decimal | None = None
    ratio_to_capital: Decimal | None = None


class NamedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A natural person whose own consent covers what is shown of them: PSN speaks of these alone.

    No name: where a section shows one, it is in that section.
    """

    person_consent_id: str
    position: KeyPosition
    sections: tuple[SectionCode, ...]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The enterprise that the profile is about."""

    uscc: str
    name: str
    entity_category: EntityCategory
    match: Match


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway's signature over everything else; `value` is base64url without padding."""

    alg: str
    kid: str
    value: str


class ProfileDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A profile before its seal. `as_of` is the oldest of its sections; None where none has one."""

    profile_id: str
    schema_version: str
    code_tables_version: str
    generated_at: datetime
    as_of: datetime | None
    subject: Subject
    consent_id: str
    authorization_no: str | None
    purpose: Purpose
    bank_id: str
    request_digest: str
    sources: tuple[Source, ...]
    sections: dict[SectionCode, Section]
    omitted_sections: tuple[Omission, ...]
    unconfirmed: tuple[Unconfirmed, ...]
    flags: tuple[Flag, ...]
    quality: tuple[QualityNote, ...]
    disclaimer: str
    persons: tuple[NamedPerson, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a profile that does not say that it is for reference only."""
        # Here and not where it is built, so that no way to a profile leads past it.
        if not self.disclaimer.strip():
            raise DisclaimerMissing


class Profile(ProfileDraft, frozen=True, kw_only=True):
    """A sealed profile, as the bank gets it."""

    seal: Seal


class SourceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What one platform said, in our words, before suppression.

    A section that is absent here is one that the platform does not supply. `source` is None where
    the platform never answered: then every section is UNKNOWN.
    """

    source: Source | None
    sections: Mapping[SectionCode, SourceSection]
    notes: tuple[QualityNote, ...] = ()


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """All platforms' answers as one. `failed`: what a source owes to a section that has records."""

    sections: Mapping[SectionCode, SourceSection]
    failed: Mapping[SectionCode, UnknownSection]
    notes: tuple[QualityNote, ...]
    sources: tuple[Source, ...]


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked, what of it the consent covers, and of what kind of body."""

    asked: frozenset[SectionCode]
    covered: frozenset[SectionCode]
    category: EntityCategory
    classes: frozenset[DataClass] = OPEN_CLASSES  # A record of another is withheld.
    persons: tuple[CoveredPerson, ...] = ()  # Who consented for themselves; all others are hidden.


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank may see: nothing that the law withholds is in here, nor counted."""

    sections: dict[SectionCode, Section]
    omitted: tuple[Omission, ...]
    unconfirmed: tuple[Unconfirmed, ...]
    quality: tuple[QualityNote, ...]
    sources: tuple[Source, ...]


def records_of(section: Section) -> Sequence[Record]:
    """Return the records of a section, whatever its status."""
    if isinstance(section, PresentSection | StaleSection):
        return section.records or ()
    return ()


def shows_persons(profile: ProfileDraft) -> bool:
    """Tell whether a profile shows a natural person: a name in full, or a record about one."""
    records = [each for section in profile.sections.values() for each in records_of(section)]
    return any(
        isinstance(each, KeyPersonRecord)
        or (
            isinstance(each, Registration)
            and each.legal_rep is not None
            and not is_masked(each.legal_rep)
        )
        for each in records
    )
