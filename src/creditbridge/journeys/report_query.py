"""What of a report the platforms are asked, and for which purposes. No journey."""

import hashlib
from collections.abc import Iterator

from creditbridge.consents.model import Asked, Coverage
from creditbridge.consents.persons.rules import require_purpose
from creditbridge.ledger.model import Intent
from creditbridge.platforms.model import AskedPerson, PlatformQuery
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.profile.persons import WHOLLY_PERSONAL, sections_opened


def purposes_of(asked: Asked) -> frozenset[Purpose]:
    """Return for what a bank asks: for what the enterprise, and for what natural persons.

    Raises:
        PersonPurposeMismatch: a purpose of the enterprise table, named for persons.
    """
    if asked.person_purpose is None:
        return frozenset({asked.purpose})
    require_purpose(asked.person_purpose)
    return frozenset({asked.purpose, asked.person_purpose})


def sections_of(coverage: Coverage, asked: Asked) -> frozenset[SectionCode]:
    """Return what the profile may hold: what the enterprise opened, and what persons did."""
    return coverage.sections | sections_opened(coverage.persons, asked.sections)


def make_query(
    coverage: Coverage, asked: Asked, intent: Intent, *, traceparent: str
) -> PlatformQuery:
    """Return what the platforms are asked; the grant ends with the report's own time."""
    return PlatformQuery(
        query_id=intent.query_id,
        uscc=coverage.consent.uscc,
        sections=sections_of(coverage, asked),
        purpose=asked.purpose,
        consent_digest=hashlib.sha256(coverage.consent.artefact).hexdigest(),
        # About whom alone a platform may answer, and on whose own word: it can hold us to it.
        persons=tuple(sorted(_asked_of(coverage))),
        expires_at=intent.deadline_at,
        traceparent=traceparent,
    )


def stands_on(coverage: Coverage) -> tuple[str, ...]:
    """Return the ids of the consents whose end stops the report: the enterprise's, the persons'."""
    return coverage.consent.consent_id, *(one.person_consent_id for one in coverage.persons)


def _asked_of(coverage: Coverage) -> Iterator[AskedPerson]:
    for one in coverage.persons:
        if one.sections & WHOLLY_PERSONAL:
            yield AskedPerson(position=one.position, consent_digest=one.artefact_digest)
