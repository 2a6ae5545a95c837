"""A consent receipt: what an enterprise agreed to and what became of it, signed, for both sides.

Shaped as ISO/IEC TS 27560 shapes consent records and receipts: a header, the parties, the
processing, the events. Its grantor is an enterprise; which members have a counterpart there says
`docs/journeys/enterprise-receipt.md`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from creditbridge.consents.model import ConsentArtefact, ConsentState
from creditbridge.profile.codes import (
    ConsentForm,
    DataClass,
    Product,
    Purpose,
    SectionCode,
    SubjectRole,
    Until,
)
from creditbridge.protocols.canonical_json import canonicalize

RECEIPT_DOMAIN = b"creditbridge-consent-receipt-v1\x00"
SCHEMA_VERSION: Literal["creditbridge-consent-receipt-1"] = "creditbridge-consent-receipt-1"


class PartyRole(StrEnum):
    """What a party is in the processing."""

    GRANTOR = "GRANTOR"  # The enterprise: where the standard has a PII principal.
    CONTROLLER = "CONTROLLER"  # The bank, which decides what it asks for.
    PROCESSOR = "PROCESSOR"  # The gateway, which carries it out.
    AUTHORITY = "AUTHORITY"  # Who supervises.


class ReceiptParty(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One party; an enterprise and a bank under their USCC, the gateway under its log's origin."""

    party_id: str
    party_role: PartyRole
    party_name: str = ""
    contact: str = ""  # In the operator's own words.
    complaints: str = ""


class ReceiptHeader(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Which receipt of which record this is, and whose."""

    schema_version: Literal["creditbridge-consent-receipt-1"]
    receipt_id: str
    record_id: str  # The consent's id.
    record_state: ConsentState  # As of `issued_at`.
    grantor_id: str  # The party who consents, and whom it is about.
    origin: str  # The log that holds the events.
    issued_at: datetime
    authorization_no: str  # The bank's own number of the consent.
    subject_person: str | None = None  # The natural person whose own consent it is.
    # How many entries the log had at the issue; absent in receipts from before it was said.
    log_size: Annotated[int, msgspec.Meta(ge=0)] | None = None


class ReceiptNotice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The page that was shown when the consent was given; the digest is SHA-256, base64url."""

    template_id: str
    template_version: str
    text_digest: str


class ReceiptPurpose(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A purpose, and what makes it lawful: the consent itself."""

    purpose: Purpose
    lawful_basis: Literal["CONSENT"] = "CONSENT"


class ReceiptInformation(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What may be read: sections of the profile, and the classes of data in them."""

    sections: tuple[SectionCode, ...]
    data_classes: tuple[DataClass, ...] = ()


class ReceiptConditions(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """When, how often and in which business it may be read."""

    valid_from: datetime
    valid_to: datetime
    max_queries: int
    recurring: bool = True
    per_day: int | None = None
    min_interval_seconds: int | None = None
    until: Until = Until.TERM
    business_ref: str | None = None
    clients: tuple[str, ...] = ()
    products: tuple[Product, ...] = ()
    roles: tuple[SubjectRole, ...] = ()
    monitoring: bool = False


class ReceiptCollection(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """How the consent was taken where the enterprise did not give it here: from a scan.

    Operators confirmed it; the enterprise's own signature is on paper, and with the bank.
    """

    form: ConsentForm
    assurance: Literal["SCAN"]
    document_sha256: str  # Hexadecimal.
    confirmed_by: Literal["OPERATOR"] = "OPERATOR"


class ReceiptProcessing(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What was agreed to; everything but notice and withdrawal is what the artefact says."""

    purposes: tuple[ReceiptPurpose, ...]
    information: ReceiptInformation
    conditions: ReceiptConditions
    recipients: tuple[str, ...]  # Party ids; nobody else may get it.
    jurisdiction: Literal["CN"]
    withdrawal_method: str  # Where the grantor takes it back.
    retention_period_days: int | None = None  # Absent: nothing was said.
    privacy_notice: ReceiptNotice | None = None
    collection: ReceiptCollection | None = None  # Absent: the enterprise approved it here.


class ReceiptEvent(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One turn in the consent's life, as the ledger holds it."""

    event_id: str
    # The ledger's word, and no closed set: a verifier of today reads the events of tomorrow.
    event_type: Annotated[str, msgspec.Meta(pattern=r"^(consent|document)\.[a-z_]+$")]
    event_time: datetime
    entity_id: str  # The party who did it.
    consent_seq: int  # In the consent's chain; looks take the numbers between.
    commitment: str  # What the public log holds, base64url.
    ledger_receipt: str  # Base64url of the signed promise to log it, byte for byte.
    event_state: ConsentState | None = None  # Absent where the state stays.


class ReceiptArtefact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The consent artefact, byte for byte, and its signature; both base64url."""

    document: str
    kid: str
    signature: str


# Signed, and kept for years: add members with a default, never rename; another meaning is `v` 2.
class ConsentReceipt(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A receipt of a consent that was given; its bytes are its canonical JSON (RFC 8785)."""

    v: Literal[1]
    type: Literal["consent-receipt"]
    header: ReceiptHeader
    parties: tuple[ReceiptParty, ...]
    processing: ReceiptProcessing
    events: tuple[ReceiptEvent, ...]
    artefact: ReceiptArtefact
    kid: str
    signature: str | None = None  # Base64url; absent only in the bytes that are signed.


def encode_receipt(receipt: ConsentReceipt) -> bytes:
    """Return canonical bytes (RFC 8785)."""
    return canonicalize(msgspec.to_builtins(receipt))


def receipt_message(receipt: ConsentReceipt) -> bytes:
    """Return the bytes that the signature is over: the domain, then the receipt without it."""
    return RECEIPT_DOMAIN + encode_receipt(replace(receipt, signature=None))


def processing_of(
    artefact: ConsentArtefact, *, withdrawal_method: str, notice: ReceiptNotice | None
) -> ReceiptProcessing:
    """Return what an artefact agrees to, in the receipt's words."""
    return ReceiptProcessing(
        purposes=tuple(ReceiptPurpose(purpose=purpose) for purpose in artefact.purposes),
        information=ReceiptInformation(
            sections=artefact.sections, data_classes=artefact.data_classes
        ),
        conditions=ReceiptConditions(
            valid_from=artefact.valid_from,
            valid_to=artefact.valid_to,
            max_queries=artefact.max_queries,
            recurring=artefact.recurring,
            per_day=artefact.per_day,
            min_interval_seconds=artefact.min_interval_seconds,
            until=artefact.until,
            business_ref=artefact.business_ref,
            clients=artefact.grantee.clients,
            products=artefact.products,
            roles=artefact.roles,
            monitoring=artefact.monitoring,
        ),
        recipients=(artefact.grantee.uscc,),
        jurisdiction="CN",
        withdrawal_method=withdrawal_method,
        retention_period_days=artefact.retention_days,
        privacy_notice=notice,
        collection=_collection_of(artefact),
    )


def _collection_of(artefact: ConsentArtefact) -> ReceiptCollection | None:
    if artefact.document is None:
        return None
    return ReceiptCollection(
        form=artefact.form, assurance="SCAN", document_sha256=artefact.document.sha256
    )
