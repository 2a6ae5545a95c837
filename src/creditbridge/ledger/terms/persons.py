"""What entries say of natural persons' own consents, from the bank's request to their end."""

from creditbridge.ledger.encoding import Instant
from creditbridge.ledger.terms.base import Terms


class PersonExtent(Terms, frozen=True, kw_only=True):
    """What a person's consent reaches: as what they are known, what for, where, until when."""

    position: str
    purposes: frozenset[str]  # Of the personal table, never of the enterprises'.
    sections: frozenset[str]
    valid_to: Instant


class PersonAsked(PersonExtent, frozen=True, kw_only=True):
    """A bank asks whoever holds a position in an enterprise for a consent of their own."""

    client: str
    authorization_no: str
    lapses_at: Instant


class PersonConsented(PersonExtent, frozen=True, kw_only=True):
    """A person consented for themselves, perhaps to less than was asked for."""

    asked: str  # Event id of the request.
    valid_from: Instant
    artefact_digest: str  # base64url of the SHA-256 of the artefact's bytes.
    template_id: str
    template_version: str
    text_digest: str  # base64url of the SHA-256 of the text that the person saw.


class PersonEnded(Terms, frozen=True, kw_only=True):
    """A person said no, or took their consent back."""

    state: str  # REFUSED or WITHDRAWN.
    ends: str  # Event id of the request that was refused, or of the consent that was withdrawn.
