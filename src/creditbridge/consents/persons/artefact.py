"""The bytes of a natural person's consent that the house signs. Pure."""

from datetime import UTC

import msgspec

from creditbridge.consents.model import Grantee, Grantor
from creditbridge.consents.persons.model import PersonArtefact, PersonConsent
from creditbridge.foundation.keys import PublicKey
from creditbridge.protocols.canonical_json import canonicalize, require_canonical
from creditbridge.protocols.strict_json import decode

PERSON_DOMAIN = b"creditbridge-person-consent-v1\x00"


def encode_artefact(consent: PersonConsent, *, text_digest: str) -> bytes:
    """Return the canonical bytes (RFC 8785) of what a given consent says.

    Raises:
        ValueError: nobody has given it.
    """
    if consent.person_id is None or consent.decided_at is None:
        message = "an artefact is of a consent that somebody gave"
        raise ValueError(message)
    artefact = PersonArtefact(
        v=1,
        person_consent_id=consent.person_consent_id,
        authorization_no=consent.authorization_no,
        person_id=consent.person_id,
        position=consent.position,
        enterprise=Grantor(uscc=consent.uscc, name=consent.name),
        grantee=Grantee(
            bank_id=consent.bank_id, uscc=consent.bank_uscc, legal_name=consent.bank_name
        ),
        # Sorted, because a set has no order and a signature needs one.
        purposes=tuple(sorted(consent.purposes)),
        sections=tuple(sorted(consent.sections)),
        valid_from=consent.decided_at.astimezone(UTC),
        valid_to=consent.valid_to.astimezone(UTC),
        requested_at=consent.requested_at.astimezone(UTC),
        text_digest=text_digest,
    )
    return canonicalize(msgspec.to_builtins(artefact))


def artefact_message(raw: bytes) -> bytes:
    """Return the bytes that the house signs: the domain, then the artefact's bytes."""
    return PERSON_DOMAIN + raw


def verify_artefact(raw: bytes, signature: bytes, key: PublicKey) -> PersonArtefact:
    """Return the artefact once the house's signature over its bytes holds.

    Raises:
        SignatureInvalid: another key, other bytes.
        Malformed: not canonical JSON, an unknown member, or another version.
    """
    key.verify(signature, artefact_message(raw))
    require_canonical(raw)
    return decode(raw, PersonArtefact)
