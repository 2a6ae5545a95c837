"""The bytes of a consent that both sides sign. Pure."""

from datetime import UTC

import msgspec
from msgspec.structs import replace

from creditbridge.consents.letter import SignedDocument, read_letter
from creditbridge.consents.model import (
    Consent,
    ConsentArtefact,
    Grantee,
    Grantor,
)
from creditbridge.foundation.keys import PublicKey, Signer
from creditbridge.protocols.canonical_json import canonicalize, require_canonical
from creditbridge.protocols.strict_json import decode

ARTEFACT_DOMAIN = b"creditbridge-consent-v1\x00"


def artefact_of(consent: Consent) -> ConsentArtefact:
    """Return the artefact that says what this consent says.

    Raises:
        ValueError: a consent without its instant of request, as a replay may build one.
    """
    if consent.requested_at is None:
        message = "an artefact needs the instant of the request"
        raise ValueError(message)
    return ConsentArtefact(
        v=1,
        consent_id=consent.consent_id,
        authorization_no=consent.authorization_no,
        grantor=Grantor(uscc=consent.uscc, name=consent.name),
        grantee=Grantee(
            bank_id=consent.bank_id,
            uscc=consent.bank_uscc,
            legal_name=consent.bank_name,
            clients=tuple(sorted(consent.clients)),
        ),
        # Sorted, because a set has no order and a signature needs one.
        purposes=tuple(sorted(consent.purposes)),
        sections=tuple(sorted(consent.sections)),
        valid_from=consent.valid_from.astimezone(UTC),
        valid_to=consent.valid_to.astimezone(UTC),
        max_queries=consent.max_queries,
        requested_at=consent.requested_at.astimezone(UTC),
        business_ref=consent.business_ref,
        data_classes=tuple(sorted(consent.data_classes)),
        products=tuple(sorted(consent.products)),
        roles=tuple(sorted(consent.roles)),
        recurring=consent.recurring,
        per_day=consent.per_day,
        min_interval_seconds=consent.min_interval_seconds,
        retention_days=consent.retention_days,
        until=consent.until,
        form=consent.form,
        document=_signed_document(consent),
        letter=None if consent.letter is None else read_letter(consent.letter),
        supersedes=consent.supersedes,
        monitoring=consent.monitoring,
        subject_person=consent.subject_person,
    )


def _signed_document(consent: Consent) -> SignedDocument | None:
    # Where the scan lies may change, and is not signed: its digests are.
    document = consent.document
    if document is None:
        return None
    return SignedDocument(sha256=document.sha256, sm3=document.sm3)


def encode_artefact(artefact: ConsentArtefact) -> bytes:
    """Return the artefact's canonical bytes (RFC 8785)."""
    return canonicalize(msgspec.to_builtins(artefact))


def read_artefact(raw: bytes) -> ConsentArtefact:
    """Return the artefact that canonical bytes hold.

    Raises:
        Malformed: not canonical JSON, an unknown member, or another version.
    """
    # The bytes are what was signed: a reader that forgave them would read another consent.
    require_canonical(raw)
    return decode(raw, ConsentArtefact)


def artefact_message(raw: bytes) -> bytes:
    """Return the bytes the gateway signs: the domain, then the artefact's bytes."""
    return ARTEFACT_DOMAIN + raw


def sign_consent(consent: Consent, signer: Signer) -> Consent:
    """Return the consent with its artefact, signed by the house's key."""
    artefact = encode_artefact(artefact_of(consent))
    return replace(
        consent,
        artefact=artefact,
        artefact_signature=signer.sign(artefact_message(artefact)),
        artefact_key_id=signer.key.key_id,
    )


def verify_artefact(raw: bytes, signature: bytes, key: PublicKey) -> ConsentArtefact:
    """Return the artefact once the gateway's signature over its bytes holds.

    Raises:
        SignatureInvalid: another key, other bytes.
        Malformed: as `read_artefact`.
    """
    key.verify(signature, artefact_message(raw))
    return read_artefact(raw)
