"""A natural person's own consent, as asked for and as given; and why it covers nothing.

* Refused
  + PersonConsentUnknown     no such consent of this bank or person; somebody else's is unknown too
  + PersonConsentClosed      answered before, lapsed, withdrawn or past its term: nothing to do
  + PersonConsentChanged     the answer is to another version than the one that was shown
  + PersonConsentEnded       the consent that an answer rests on stands no more
  + PersonPurposeMismatch    a purpose that is not of the personal table
  + PersonSectionsMismatch   sections in which no person is named, or none
  + PersonTermMismatch       a term that is over, or longer than a year
  + PersonPositionUnvouched  a position that nobody here vouches for
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from creditbridge.consents.model import ConsentState, Grantee, Grantor
from creditbridge.foundation.errors import Refused
from creditbridge.profile.codes import KeyPosition, Purpose, SectionCode


class PersonEvent(StrEnum):
    """What moves a person's consent; the value is the ledger's word."""

    CONSENTED = "person.consented"
    REFUSED = "person.refused"
    WITHDRAWN = "person.withdrawn"


class PersonConsent(msgspec.Struct, frozen=True, kw_only=True):
    """A person's consent. Until somebody answers it is a request to whoever holds the position."""

    person_consent_id: str
    version: int
    state: ConsentState  # REQUESTED, ACTIVE, REFUSED or WITHDRAWN; the rest follows from time.
    bank_id: str
    bank_uscc: str
    bank_name: str
    uscc: str  # In whose context: the person's data beside this enterprise's, and nowhere else.
    name: str  # The enterprise's.
    position: KeyPosition
    purposes: frozenset[Purpose]
    sections: frozenset[SectionCode]
    authorization_no: str  # The bank's own number, unique per bank.
    requested_at: datetime
    lapses_at: datetime
    valid_to: datetime
    asked: str | None = None  # Event id of `person.asked`.
    entry: str | None = None  # Event id of `person.consented`.
    person_id: str | None = None  # Who answered.
    decided_at: datetime | None = None  # A consent is valid from here on.
    ended_at: datetime | None = None
    template_id: str | None = None
    template_version: str | None = None
    text_digest: bytes | None = None  # SHA-256 of the text that the person saw, 32 bytes.
    artefact: bytes | None = None  # JCS bytes of `PersonArtefact`.
    artefact_signature: bytes | None = None  # 64 bytes, by the house.
    artefact_key_id: str | None = None


class PersonRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank asks the person in a position for; `uscc` is in its normal form."""

    bank_id: str
    bank_uscc: str
    bank_name: str
    uscc: str
    name: str
    position: KeyPosition
    purposes: frozenset[Purpose]
    sections: frozenset[SectionCode]
    authorization_no: str
    valid_to: datetime


class PersonUse(msgspec.Struct, frozen=True, kw_only=True):
    """A look that rested on a person's consent, whatever it delivered."""

    report_id: str
    taken_at: datetime


class PersonYes(msgspec.Struct, frozen=True, kw_only=True):
    """A person's yes to one version of a request, as shown in one text."""

    person_consent_id: str
    version: int
    person_id: str
    sections: frozenset[SectionCode]
    template_id: str
    template_version: str
    text_digest: bytes  # SHA-256 of the rendered text, 32 bytes.
    text: bytes = b""  # The text itself, for the ledger to keep.


class PersonAct(msgspec.Struct, frozen=True, kw_only=True):
    """A person says no, or takes a consent back: no version, so that nothing can be in its way."""

    person_consent_id: str
    person_id: str


# Signed, and kept ten years: add members with a default, never rename; another meaning is `v` 2.
class PersonArtefact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's consent as the house signs it; its bytes are its canonical JSON (RFC 8785).

    The person is named by the house's own random id: no name, no number.
    """

    v: Literal[1]
    person_consent_id: str
    authorization_no: str
    person_id: str
    position: KeyPosition
    enterprise: Grantor
    grantee: Grantee
    purposes: Annotated[tuple[Purpose, ...], msgspec.Meta(min_length=1)]
    sections: Annotated[tuple[SectionCode, ...], msgspec.Meta(min_length=1)]
    valid_from: datetime
    valid_to: datetime
    requested_at: datetime
    text_digest: str  # base64url of the SHA-256 of the text that the person saw.


class PersonConsentUnknown(Refused):
    """No such consent of this bank or person; somebody else's is unknown too."""

    code = "not-found"
    message = "There is nothing at this address for this caller."


class PersonConsentClosed(Refused):
    """Answered before, lapsed, or ended."""

    code = "person-consent-closed"
    message = "This has been answered, has lapsed or has ended; nothing more can be done with it."


class PersonConsentChanged(Refused):
    """The answer is to another version than the one that stands."""

    code = "person-consent-changed"
    message = "The request has changed since it was shown; read it again before answering."


class PersonConsentEnded(Refused):
    """A person whose data an answer holds has withdrawn, or the term is over."""

    code = "person-consent-ended"
    message = (
        "A natural person whose data this answer held no longer consents; ask again with a new key."
    )


class PersonPurposeMismatch(Refused):
    """The purposes of enterprises and of persons are two tables, never one (DOMAIN, 3.12)."""

    code = "person-purpose-mismatch"
    message = "Natural persons are asked for purposes of the personal table: KEY_PERSON_REVIEW."


class PersonSectionsMismatch(Refused):
    """A person's consent is about what names persons, and about nothing else."""

    code = "person-sections-mismatch"
    message = "A natural person's consent is for at least one of REG, OWN and PSN, and no other."


class PersonTermMismatch(Refused):
    """A term that is over, or longer than a year."""

    code = "person-term-mismatch"
    message = "The term must end after now, and within one year."


class PersonPositionUnvouched(Refused):
    """Nobody vouches here for who holds the position."""

    code = "person-position-unvouched"
    message = "Only the legal representative can be asked: nobody vouches for other key persons."
