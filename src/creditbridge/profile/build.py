"""What is served becomes a profile, ready for its seal."""

from datetime import datetime

import msgspec

from creditbridge.profile.codes import Purpose
from creditbridge.profile.model import (
    DISCLAIMER,
    SCHEMA_VERSION,
    Flag,
    NamedPerson,
    ProfileDraft,
    Served,
    Subject,
    UnknownSection,
)
from creditbridge.profile.persons import CoveredPerson
from creditbridge.profile.tables import CODE_TABLES_VERSION


class ProfileHeading(msgspec.Struct, frozen=True, kw_only=True):
    """Whose profile it is, for whom, under which consent. Digests are SHA-256 in hex."""

    profile_id: str
    generated_at: datetime
    subject: Subject
    consent_id: str
    authorization_no: str | None
    purpose: Purpose
    bank_id: str
    request_digest: str
    persons: tuple[CoveredPerson, ...] = ()


def build_profile(
    served: Served, flags: tuple[Flag, ...], *, heading: ProfileHeading
) -> ProfileDraft:
    """Return the profile of what is served, ready for its seal."""
    as_of = [
        section.as_of
        for section in served.sections.values()
        if not isinstance(section, UnknownSection)
    ]
    return ProfileDraft(
        profile_id=heading.profile_id,
        schema_version=SCHEMA_VERSION,
        code_tables_version=CODE_TABLES_VERSION,
        generated_at=heading.generated_at,
        # The oldest: a profile is no fresher than what is oldest in it.
        as_of=min(as_of, default=None),
        subject=heading.subject,
        consent_id=heading.consent_id,
        authorization_no=heading.authorization_no,
        purpose=heading.purpose,
        bank_id=heading.bank_id,
        request_digest=heading.request_digest,
        sources=served.sources,
        sections=served.sections,
        omitted_sections=served.omitted,
        unconfirmed=served.unconfirmed,
        flags=flags,
        quality=served.quality,
        disclaimer=DISCLAIMER,
        persons=tuple(
            NamedPerson(
                person_consent_id=one.person_consent_id,
                position=one.position,
                sections=tuple(sorted(one.sections)),
            )
            for one in heading.persons
        ),
    )
